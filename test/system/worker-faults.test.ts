import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault, FaultMatch } from '../../src/simulator/faults.ts';
import { expectEvacuatedOnce, instancesOn } from '../support/aftermath.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { bundleImpatient, type ImpatientProgram } from '../support/impatient-program.ts';
import { until } from '../support/until.ts';
import { setStage, terminate } from '../support/worker-stage.ts';

const HOST = 'compute-1';

let program: ImpatientProgram;

beforeAll(async () => {
  expectFreshDist();
  program = await bundleImpatient();
});

afterAll(async () => {
  await program.remove();
});

/** The requests of an evacuation, each with how often it is hit: POSTs are never repeated blindly. */
const REQUESTS = {
  evacuate: { method: 'POST', action: 'evacuate', nth: 2, times: 3 },
  isolate: { method: 'PUT', path: '/os-services/', times: 3 },
  migrations: { method: 'GET', path: '/os-migrations', nth: 2, times: 6 },
  services: { method: 'GET', path: '/os-services$', times: 6 },
  instances: { method: 'GET', path: '/servers/detail', times: 6 },
  token: { service: 'identity', method: 'POST', times: 4 },
} as const satisfies Readonly<Record<string, FaultMatch>>;

const status = (code: number, effect = false, retryAfterS?: number): Fault => ({
  kind: 'status',
  status: code,
  effect,
  ...(retryAfterS === undefined ? {} : { retryAfterS }),
});

const EVERYWHERE: Readonly<Record<string, Fault>> = {
  'answers late': { kind: 'latency', delayMs: 700 },
  'answers in drips': { kind: 'drip', bytes: 20, everyMs: 5 },
  'breaks the connection before': { kind: 'reset-before' },
  'breaks the connection after': { kind: 'reset-after' },
  'hangs without effect': { kind: 'hang', effect: false },
  'hangs with effect': { kind: 'hang', effect: true },
  'answers 500': status(500),
  'answers 503 with effect': status(503, true),
  'answers with garbage': { kind: 'garbage' },
  'answers with half a document': { kind: 'truncated' },
  'answers with the page of a proxy': { kind: 'html', status: 502 },
  'answers with a page and 200': { kind: 'html', status: 200 },
};

/** Refusals that pass; for a POST evacuate a 400 or 404 means more and is told apart below. */
const REFUSALS: Readonly<Record<string, Fault>> = {
  'answers 401': status(401),
  'answers 403': status(403),
  'answers 409': status(409),
  'answers 413': status(413, false, 1),
  'answers 429': status(429, false, 1),
};

const CASES = Object.entries({ ...EVERYWHERE, ...REFUSALS });

/** One evacuation during which some requests of one kind go wrong in one way. */
async function evacuateThrough(faults: readonly { match: FaultMatch; fault: Fault }[]) {
  const stage = await setStage({
    spawnMs: 100,
    program: program.file,
    env: { IMPATIENT_DEADLINE_MS: '1500', IMPATIENT_UNCERTAIN_MS: '3000' },
  });
  try {
    stage.cloud.boot({ host: HOST, count: 5 });
    const lost = { [HOST]: instancesOn(stage.cloud, HOST) };
    for (const rule of faults) stage.simulator.faults.add(rule);
    const worker = await stage.startWorker();
    await stage.lose(HOST);
    await stage.mark(HOST);
    await until(() => stage.isSettled(HOST), 60_000);
    const hits = stage.simulator.faults.hits().map((rule) => rule.hits);
    await expectEvacuatedOnce(stage, lost);
    const { code, err } = await terminate(worker);
    expect(code).toBe(0);
    expect(err).not.toMatch(/^\s+at |gAAAA|"password"/m);
    return { err, hits };
  } finally {
    await stage.stop();
  }
}

describe.concurrent('an evacuation through a Nova that', () => {
  it.each(CASES)('%s', { timeout: 120_000 }, async (_what, fault) => {
    const { token, ...compute } = REQUESTS;
    const rules = Object.values(compute).map((match) => ({ match, fault }));
    // Refused credentials are not tried again for half a minute, which is a case of its own.
    const both = fault.kind === 'status' && fault.status < 500;
    const { hits } = await evacuateThrough(both ? rules : [...rules, { match: token, fault }]);
    expect(Math.min(...hits)).toBeGreaterThan(0);
  });

  it('knows nothing of an instance once', { timeout: 120_000 }, async () => {
    const { evacuate, migrations } = REQUESTS;
    const fault = status(404);
    await evacuateThrough([
      { match: evacuate, fault },
      { match: migrations, fault },
    ]);
  });

  it('does all of it at random', { timeout: 120_000 }, async () => {
    const rules = CASES.map(([, fault]) => ({
      match: { service: 'compute' as const, probability: 0.01 },
      fault,
    }));
    await evacuateThrough(rules);
  });
});
