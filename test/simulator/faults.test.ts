import { describe, expect, it } from 'vitest';
import { createBmc } from '../../src/simulator/bmc.ts';
import { createExchange } from '../../src/simulator/exchange.ts';
import { createFaults } from '../../src/simulator/faults.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { createRandom } from '../../src/simulator/random.ts';
import type { ApiRequest } from '../../src/simulator/request.ts';
import { createLab } from '../support/simulated-cloud.ts';

function request(method: string, path: string, body?: unknown): ApiRequest {
  return { service: 'compute', method, path, query: {}, headers: {}, body };
}

describe('fault rules', () => {
  it('hit by service, method, path and action, from the nth on and so many times', () => {
    const faults = createFaults(createRandom(1));
    const fault: Fault = { kind: 'reset-after' };
    faults.add({
      match: { method: 'POST', path: '/action$', action: 'evacuate', nth: 2, times: 1 },
      fault,
    });
    const post = request('POST', '/v2.1/servers/x/action', { evacuate: {} });
    expect(faults.decide(request('GET', '/v2.1/servers/x/action'))).toBeUndefined();
    expect(
      faults.decide(request('POST', '/v2.1/servers/x/action', { lock: null })),
    ).toBeUndefined();
    expect(faults.decide(post)).toBeUndefined();
    expect(faults.decide(post)).toBe(fault);
    expect(faults.decide(post)).toBeUndefined();
    expect(faults.hits()).toMatchObject([{ hits: 1 }]);
  });

  it('hit by chance, the same for the same seed, and can be taken away', () => {
    const pattern = (): string => {
      const faults = createFaults(createRandom(5));
      const remove = faults.add({ match: { probability: 0.5 }, fault: { kind: 'reset-before' } });
      const hits = Array.from({ length: 40 }, () =>
        faults.decide(request('GET', '/')) ? 'x' : '.',
      );
      remove();
      expect(faults.decide(request('GET', '/'))).toBeUndefined();
      return hits.join('');
    };
    expect(pattern()).toBe(pattern());
    expect(pattern()).toMatch(/x.*\.|\..*x/);
  });
});

describe('the way through the faults, in process', () => {
  const cases: readonly (readonly [Fault, string, boolean])[] = [
    [{ kind: 'latency', delayMs: 5 }, 'answer', true],
    [{ kind: 'drip', bytes: 1, everyMs: 1 }, 'answer', true],
    [{ kind: 'reset-before' }, 'reset', false],
    [{ kind: 'reset-after' }, 'reset', true],
    [{ kind: 'hang', effect: false }, 'hang', false],
    [{ kind: 'hang', effect: true }, 'hang', true],
    [{ kind: 'status', status: 503, effect: false }, 'answer', false],
    [{ kind: 'status', status: 500, effect: true }, 'answer', true],
    [{ kind: 'garbage' }, 'answer', true],
    [{ kind: 'truncated' }, 'cut', true],
    [{ kind: 'html', status: 502 }, 'answer', false],
    [{ kind: 'wrong-content', body: 1 }, 'answer', true],
  ];

  it.each(cases)('delivers %j as %s (with effect: %s)', (fault, kind, hasEffect) => {
    const lab = createLab();
    const faults = createFaults(createRandom(1));
    faults.add({ match: {}, fault });
    const exchange = createExchange({ handle: (asked) => lab.cloud.handle(asked), faults });
    const before = lab.cloud.requests.total();
    expect(exchange(request('GET', '/v2.1')).kind).toBe(kind);
    expect(lab.cloud.requests.total() - before).toBe(hasEffect ? 1 : 0);
  });
});

describe('management controllers', () => {
  it('switch, lie and fall silent', () => {
    const lab = createLab();
    const bmc = createBmc(lab.cloud);
    bmc.setBehaviour('compute-2', 'stuck');
    bmc.setBehaviour('compute-3', 'unreachable');
    expect(bmc.set('compute-1', 'off')).toEqual({ kind: 'power', power: 'off' });
    expect(bmc.set('compute-2', 'off')).toEqual({ kind: 'power', power: 'off' });
    expect(bmc.status('compute-2')).toEqual({ kind: 'power', power: 'on' });
    expect(bmc.set('compute-3', 'off')).toEqual({ kind: 'unreachable' });
    expect(bmc.status('nosuch')).toEqual({ kind: 'unknown-host' });
    expect(lab.cloud.hosts().map((host) => host.machine)).toEqual(['off', 'on', 'on']);
  });
});
