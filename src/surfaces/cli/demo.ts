import type { ExitName } from './exit.ts';
import { tell, type Io } from './io.ts';

/** `demo`: an evacuation in a simulated cloud. */
export function demo(io: Io): Promise<ExitName> {
  tell(io, 'nova-ha: the demonstration is not part of this build.');
  return Promise.resolve('failed');
}
