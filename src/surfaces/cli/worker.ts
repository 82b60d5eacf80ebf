import { tracked, type Evacuation } from '../../domain/evacuation.ts';
import { asWorker, type HostName } from '../../domain/ids.ts';
import { severityOf } from '../../domain/reason.ts';
import { createWorker, type Worker } from '../../engine/worker.ts';
import type { ExitName } from './exit.ts';
import { say, tell, type Io } from './io.ts';
import type { CloudProblem, Doors, GlobalOptions, Parts } from './parts.ts';
import type { WorkerOptions } from './program.ts';
import { findCloud, storeTrouble, withParts } from './session.ts';
import { createReload, hearHangups } from './reload.ts';
import { obstacleTo, workAlone, yieldStore, type SoleWorker } from './sole-worker.ts';

/**
 * `worker`: the daemon. Wrong configuration ends it at once; a store or cloud that is away does not,
 * since it may come back, and a failed host must not be forgotten meanwhile.
 */
export function worker(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  options: WorkerOptions,
): Promise<ExitName> {
  const isDaemon = options.once !== true && options.untilSettled !== true;
  const onHangup = isDaemon ? hearHangups(io) : null;
  return withParts(
    doors,
    global,
    io,
    async (parts) => {
      const cloud = await findCloud(parts, io);
      if (cloud.kind === 'wrong') return cloud.exit;
      const { store, fencing, lookout, clock, chance, log, policy, supervision } = parts;
      const name = `${parts.machine}:${String(process.pid)}:${chance.event(clock.now())}`;
      const alerted = new Set<HostName>();
      const leaseMs = parts.config.settings['worker.lease'];
      const sole = { store, clock, worker: asWorker(name), leaseMs };
      const seen = { compute: cloud.compute, images: cloud.images, fencing, log, policy };
      const engine = createWorker({
        ...sole,
        ...seen,
        capacity: cloud.capacity,
        cluster: lookout === null ? undefined : { lookout, chance },
        silence: { chance, nodes: parts.nodes, switches: parts.switches },
        pollMs: parts.config.settings['worker.poll'],
        ...(options.only === undefined ? {} : { only: options.only }),
        onTurn: ({ host, sentence, evacuation }) => {
          if (host !== null) remember(alerted, host, evacuation);
          supervision.turned({ status: sentence, needsHuman: alerted.size });
        },
        onBroken: (host, error) => {
          alerted.add(host);
          tellOfDefect(log, host, error);
        },
      });
      if (options.once === true) return once(parts, io, { engine, sole });
      if (options.untilSettled === true && options.only !== undefined) {
        const end = await settle(parts, io, engine, options.only);
        tell(io, `${options.only}: ${ENDS[end]}`);
        return end === 'aborted' ? 'pending' : 'done';
      }
      onHangup?.(createReload({ doors, global, parts, take: engine.usePolicy }));
      supervision.ready();
      // Not waited for: a Nova that hangs must not delay the first look at the store.
      void complainAtStart(parts, () => cloud.check());
      log.info(`the worker ${name} watches ${store.description}`);
      const waiting = complainOnce(log, (status) => {
        supervision.turned({ status, needsHuman: alerted.size });
      });
      await workAlone({ ...sole, signal: io.signal, waiting }, (signal) => engine.run(signal));
      supervision.stopping();
      log.info('the worker has stopped; what is under way goes on when one is started again');
      return 'done';
    },
    'worker',
  );
}

/** Keeps the hosts of which something waits for a human. */
function remember(alerted: Set<HostName>, host: HostName, evacuation: Evacuation | null): void {
  const waits =
    evacuation !== null &&
    evacuation.phase !== 'closed' &&
    (evacuation.reasons.some((reason) => severityOf(reason) === 'alert') ||
      tracked(evacuation).some(([, { progress }]) => progress.at === 'stuck'));
  if (waits) alerted.add(host);
  else alerted.delete(host);
}

function tellOfDefect(log: Parts['log'], host: HostName, error: unknown): void {
  const words = error instanceof Error ? error.message : String(error);
  log.error(
    `A defect of nova-ha keeps it from working on ${host}, nothing is done there; it is tried again in a minute. Remedy: report this line, and evacuate ${host} by hand if it persists: ${words}`,
    { host, stack: error instanceof Error ? error.stack : undefined },
  );
}

/**
 * Works until the host is settled or somebody else really looks after it. A lease that is held proves
 * nothing yet: its holder may have died a moment ago. Only a holder that keeps it for longer than it
 * lasts unrenewed is alive; leaving earlier could leave the host to nobody.
 */
async function settle(
  { clock, config }: Parts,
  io: Io,
  engine: Worker,
  host: HostName,
): Promise<'settled' | 'held-elsewhere' | 'aborted'> {
  const leaseMs = config.settings['worker.lease'];
  let heldSinceMs: number | null = null;
  for (;;) {
    const beganMs = clock.monotonicMs();
    const end = await engine.untilSettled(host, io.signal);
    if (end !== 'held-elsewhere') return end;
    const nowMs = clock.monotonicMs();
    if (heldSinceMs === null || nowMs - beganMs > leaseMs) heldSinceMs = nowMs;
    if (nowMs - heldSinceMs > leaseMs * 1.5) return end;
    await clock.sleep(leaseMs / 4, io.signal);
  }
}

const ENDS = {
  settled: 'settled.',
  'held-elsewhere': 'another worker looks after it.',
  aborted: 'stopped before it was settled; the mark stands.',
} as const;

async function once(
  parts: Parts,
  io: Io,
  {
    engine,
    sole,
  }: { readonly engine: Worker; readonly sole: Pick<SoleWorker, 'store' | 'worker' | 'leaseMs'> },
): Promise<ExitName> {
  const problem = await parts.store.check();
  if (problem !== null) return storeTrouble(parts, io, problem);
  const other = await obstacleTo(sole);
  if (other !== null) {
    tell(io, `nova-ha: refused: ${other}`);
    return 'refused';
  }
  const { active } = await engine.once();
  await yieldStore(sole);
  say(io, `${String(active)} ${active === 1 ? 'host has' : 'hosts have'} work left`);
  return active === 0 ? 'done' : 'pending';
}

/** Every wait is a sign of life; the log has each reason once. */
function complainOnce(log: Parts['log'], tellStatus: (why: string) => void): (why: string) => void {
  let last = '';
  return (why) => {
    if (why !== last) log.warn(`${why}; waiting`);
    last = why;
    tellStatus(why);
  };
}

/** Says at once what would otherwise be found out in the first failure of a host. */
async function complainAtStart(
  { store, log }: Parts,
  checkCloud: () => Promise<readonly CloudProblem[]>,
): Promise<void> {
  const [problem, problems] = await Promise.all([store.check(), checkCloud()]);
  if (problem !== null) log.error(problem);
  for (const { severity, message } of problems)
    if (severity === 'fatal') log.error(message);
    else log.warn(message);
}
