import type { FenceProof } from '../../../src/domain/mark.ts';
import { applied, refused, uncertain, type WriteOutcome } from '../../../src/domain/outcome.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { asHost, type HostName } from '../../../src/domain/ids.ts';
import type { SilenceParts } from '../../../src/engine/silent-hosts.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import type { SimProcess } from './processes.ts';
import { int, pick, type Plot } from './troubles.ts';
import type { Universe } from './universe.ts';

const MINUTE = 60_000;

/** Nova-computes that die on living hosts, and whoever is asked to switch such hosts off. */
export interface Deaths {
  readonly policy: Policy['died'];
  /** What a worker is given to look after silent services. */
  readonly silence: (process: SimProcess) => Pick<SilenceParts, 'nodes' | 'switches'>;
  /** The proof of a host that was switched off by it, as a power agent gives it. */
  readonly proof: (host: string) => FenceProof | null;
  /** Lays out when which nova-compute dies, and when it is started again. */
  schedule(plot: Plot): void;
  /** Everything that lives reports again; what is off stays off. */
  end(): void;
  /** What must not have come of it. */
  problems(): Promise<readonly string[]>;
}

/** Draws a policy and a cluster from chance of their own, so that they change nothing else. */
export function createDeaths(
  seed: number,
  world: () => { universe: Universe; plot: Plot },
): Deaths {
  const random = createRandom(seed);
  const action = one(random, ['report', 'disable', 'fence', 'fence'] as const);
  // What comes of a request; `agent`: the fence agent marks the host, as under Pacemaker.
  const answers = one(random, ['agent', 'agent', 'bare', 'refused', 'uncertain', 'hangs'] as const);
  const cluster = random.next() < 0.5;
  const offs = new Map<string, number[]>();
  const off = new Set<string>();
  const faults: string[] = [];

  async function switchOff(process: SimProcess, host: HostName): Promise<WriteOutcome<FenceProof>> {
    const { universe } = world();
    const { clock, cloud } = universe;
    const { reportingSinceMs, machine } = cloud.host(host);
    offs.set(host, [...(offs.get(host) ?? []), clock.now()]);
    if (reportingSinceMs !== undefined && clock.now() - reportingSinceMs > 20_000)
      faults.push(`${host} is to be switched off although its nova-compute reports`);
    await process.clock.sleep(1000 + int(random, 5000));
    if (answers === 'refused') return refused('not-sent', 'the cluster has no device for it');
    const happens = answers === 'agent' || answers === 'bare' || random.next() < 0.5;
    if (happens && machine === 'on') cut(host);
    if (answers === 'hangs') return new Promise(() => undefined);
    if (answers === 'uncertain') return uncertain('stonith_admin was killed');
    const source = answers === 'bare' ? 'power' : 'pacemaker';
    return applied({ source, at: process.clock.now(), detail: 'switched off' });
  }

  function cut(host: string): void {
    const { universe, plot } = world();
    universe.cloud.powerOff(host);
    universe.cloud.setGate(host, true);
    plot.failing.add(host);
    off.add(host);
    // Without an agent in the way the worker itself must mark it.
    if (answers !== 'bare') universe.fence(host);
  }

  return {
    policy: { action, afterMs: 20_000 + int(random, 40_000) },
    silence: (process) => ({
      nodes: cluster
        ? {
            presence: (host) => {
              const { cloud, clock } = world().universe;
              if (random.next() < 0.1) return Promise.resolve(unknown('cibadmin timed out'));
              const isOn = cloud.host(host).machine === 'on';
              const gone = off.has(host) ? 'fenced' : 'lost';
              return Promise.resolve(known(isOn ? 'connected' : gone, clock.now()));
            },
          }
        : null,
      switches: [
        {
          source: 'power',
          objection: () => Promise.resolve(random.next() < 0.1 ? 'no answer' : null),
          off: (host) => switchOff(process, host),
        },
      ],
    }),
    proof: (host) => {
      const { cloud, clock } = world().universe;
      if (!off.has(host) || cloud.host(host).machine !== 'off') return null;
      return { source: 'power', at: clock.now(), detail: 'the power agent says off' };
    },
    schedule(plot) {
      const { clock, cloud } = plot.universe;
      const deaths = 1 + int(random, 3);
      for (let i = 0; i < deaths; i += 1) {
        clock.at(clock.now() + int(random, 2 * MINUTE), () => {
          // What is kept in reserve has a story of its own.
          const living = cloud
            .hosts()
            .slice(0, 5)
            .filter(({ name, disabled }) => !plot.failing.has(name) && !disabled);
          const name = pick(random, living, 1)[0]?.name;
          if (name === undefined) return;
          if (random.next() < 0.7) cloud.boot({ host: name, count: 1 + int(random, 3) });
          cloud.killCompute(name);
          // Some are started again at once, some after minutes, some only in the end.
          const afterMs = one(random, [5000, 90_000, 3 * MINUTE, 60 * MINUTE]);
          clock.at(clock.now() + int(random, afterMs), () => {
            cloud.startCompute(name);
          });
        });
      }
    },
    end() {
      const { cloud } = world().universe;
      for (const { name, gated } of cloud.hosts()) if (!gated) cloud.startCompute(name);
    },
    async problems() {
      const { universe, plot } = world();
      const { cloud, clock, store } = universe;
      await universe.run(clock.now() + 5 * MINUTE);
      const found = [...faults];
      for (const [host, at] of offs) {
        const tooSoon = at.some(
          (one, index) => index > 0 && one - (at[index - 1] ?? 0) < 60 * MINUTE,
        );
        if (tooSoon && !plot.wiped) found.push(`${host} was asked for twice`);
      }
      if (action !== 'fence' && offs.size > 0) found.push('a host was switched off unasked');
      for (const { name, disabled, disabledReason, compute } of cloud.hosts()) {
        const left = disabled && / silent$/.test(disabledReason ?? '');
        if (left && compute === 'running') found.push(`${name} reports and was left disabled`);
        if (left && action !== 'disable') found.push(`${name} was disabled unasked`);
      }
      const board = await store.switchboard();
      for (const { host } of board.kind === 'known' ? board.value.silent : []) {
        const { compute, machine } = cloud.host(host);
        if (compute === 'running') found.push(`${host} reports and is said to be silent`);
        // Nobody but the agent or a proof can tell of it.
        const record = await universe.record(asHost(host));
        if (machine === 'off' && off.has(host) && record === null)
          found.push(`${host} was switched off and is not marked`);
      }
      return found;
    },
  };
}

const one = <T>(random: Random, list: readonly [T, ...T[]]): T =>
  list[int(random, list.length)] ?? list[0];
