import type { Millis } from '../../domain/time.ts';
import type { Capacity, Clock, Compute, Images, Log, Mover } from '../../engine/ports.ts';
import { checkCompute } from './check.ts';
import type { Problem } from './check.ts';
import { createCompute } from './compute.ts';
import type { CloudCredentials } from './credentials.ts';
import { readText } from './disk.ts';
import { shownUrl } from './exchange.ts';
import type { Http, HttpRequest } from './exchange.ts';
import { createHttp } from './http.ts';
import { createImages, imageRoot } from './images.ts';
import { createKeystone } from './keystone.ts';
import type { Grant } from './keystone.ts';
import { createRestSession, type RestSession } from './rest-session.ts';
import { createMover } from './moves.ts';
import { createCapacity, placementRoot } from './placement.ts';
import { createSession } from './session.ts';

/** One region of one OpenStack cloud. */
export interface OpenStack {
  /** Its name and address for messages; never with a secret. */
  readonly description: string;
  readonly compute: Compute;
  readonly images: Images;
  readonly mover: Mover;
  readonly capacity: Capacity;
  /** Signs in, unless there is a token already; tells refused credentials from an unreachable Keystone. */
  signIn(): Promise<Grant>;
  /** What stands in the way of evacuations, with remedies; empty when nothing does. */
  check(): Promise<readonly Problem[]>;
  /** Closes idle connections. */
  close(): void;
}

/**
 * Makes the adapters of a cloud; nothing is sent before the first call, and wrong credentials or
 * certificates show as unknown and refused answers, not as exceptions. Another `http` (a simulated
 * cloud) takes the place of the network.
 */
export function createOpenStack({
  cloud,
  clock,
  log,
  http,
  readDeadlineMs,
  writeDeadlineMs,
}: {
  readonly cloud: CloudCredentials;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly http?: Http;
  /** For one read of Nova, repeats included; 30 s by default. */
  readonly readDeadlineMs?: Millis;
  /** For one change; 75 s by default, above Nova's RPC time-out. */
  readonly writeDeadlineMs?: Millis;
}): OpenStack {
  const way =
    http === undefined
      ? createHttp({
          tls: cloud.tls,
          readFile: readText,
          log,
          ...(readDeadlineMs === undefined ? {} : { deadlineMs: readDeadlineMs }),
        })
      : { send: (request: HttpRequest) => http.send(request), close: () => undefined };
  const keystone = createKeystone({ cloud, http: way, clock, log });
  const session = createSession({
    keystone,
    http: way,
    clock,
    serviceType: cloud.computeServiceType,
  });
  const deadlines = writeDeadlineMs === undefined ? {} : { writeDeadlineMs };
  const beside = (serviceType: string, rootOf: (endpoint: string) => string): RestSession =>
    createRestSession({ keystone, http: way, clock, serviceType, rootOf });
  return {
    description: `${cloud.name} at ${shownUrl(cloud.authUrl)}`,
    images: createImages({ session: beside('image', imageRoot) }),
    compute: createCompute({ session, clock, ...deadlines }),
    mover: createMover({ session, ...deadlines }),
    capacity: createCapacity({ session, placement: beside('placement', placementRoot) }),
    signIn: () => keystone.token(),
    check: () => checkCompute({ keystone, session, clock }),
    close: () => {
      way.close();
    },
  };
}
