import type { ExitName } from './exit.ts';
import type { Io } from './io.ts';
import type { Doors, GlobalOptions } from './parts.ts';

/** What the actions of all commands run with. */
export interface Wiring {
  readonly doors: Doors;
  readonly io: Io;
  readonly run: (action: (options: GlobalOptions) => Promise<ExitName>) => Promise<void>;
}

/** What the help says about the argument HOST. */
export const HOST = 'the host, as "openstack compute service list" shows it';
