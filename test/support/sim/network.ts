import type { Http, HttpRequest, HttpResult } from '../../../src/adapters/openstack/exchange.ts';
import type { VirtualClock } from '../../../src/simulator/clock.ts';
import type { Random } from '../../../src/simulator/random.ts';
import type { ApiRequest, ApiResponse, ServiceName } from '../../../src/simulator/request.ts';
import type { Ledger } from './ledger.ts';
import type { SimProcess } from './processes.ts';

/** How bad the network and the API are just now. */
export interface Weather {
  /** Chance of trouble per request. */
  trouble: number;
  /** Nothing is answered at all. */
  outage: boolean;
  /** Asked for every request before it leaves: what becomes of it, or null for the usual. */
  fate?: (process: SimProcess, request: ApiRequest) => Trouble | null;
  readonly random: Random;
}

/** What can become of a request, with how likely it is when there is trouble. */
const TROUBLES = [
  ['refused', 0.2],
  ['lost', 0.2],
  ['proxy-error', 0.1],
  ['unanswered', 0.2],
  ['late', 0.15],
  ['server-error', 0.15],
] as const;

/** The name of a trouble with a request. */
export type Trouble = (typeof TROUBLES)[number][0];

function troubleAt(chance: number): Trouble {
  let left = chance;
  for (const [name, share] of TROUBLES) {
    left -= share;
    if (left < 0) return name;
  }
  return 'server-error';
}

/** The longest that a request whose client gave up may still lie in front of Nova. */
export const LATE_EFFECT_MS = 20_000;

/** What a client waits for at most. */
const CLIENT_TIMEOUT_MS = 8000;

const PREFIXES: readonly (readonly [string, ServiceName])[] = [
  ['/identity', 'identity'],
  ['/compute', 'compute'],
  ['/image', 'image'],
  ['/placement', 'placement'],
];

function toApi(request: HttpRequest): ApiRequest {
  const url = new URL(request.url);
  const [prefix, service] = PREFIXES.find(([start]) => url.pathname.startsWith(start)) ?? [
    '',
    'compute' as const,
  ];
  const query: Record<string, string | string[]> = {};
  for (const key of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(key);
    query[key] = values.length === 1 ? (values[0] ?? '') : values;
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const path = url.pathname.slice(prefix.length) || '/';
  return { service, method: request.method, path, query, headers, body: request.json };
}

function toResult(response: ApiResponse): HttpResult {
  return {
    kind: 'response',
    status: response.status,
    headers: response.headers,
    body: typeof response.body === 'string' ? undefined : response.body,
    text: typeof response.body === 'string' ? response.body : '',
  };
}

/**
 * The way of one process to the simulated cloud, on the virtual clock: latency, lost requests, lost
 * answers, requests that are carried out long after their client gave up, errors of proxies.
 */
export function createSimHttp(
  ledger: Ledger,
  clock: VirtualClock,
  process: SimProcess,
  weather: Weather,
): Http {
  const { random } = weather;
  const uncertain = (why: string): HttpResult => ({ kind: 'uncertain', why });

  function exchange(request: ApiRequest, resolve: (result: HttpResult) => void): void {
    const there = 1 + random.next() * 10;
    const back = 1 + random.next() * 10;
    const answerIn = (delayMs: number, result: HttpResult): void => {
      clock.at(clock.now() + delayMs, () => {
        process.deliver(() => {
          resolve(result);
        });
      });
    };
    const fate = weather.fate?.(process, request) ?? null;
    if (!process.alive()) return;
    if (fate !== null || weather.outage || random.next() < weather.trouble) {
      const chance = weather.outage ? random.next() * 0.5 : random.next();
      trouble(fate ?? troubleAt(chance), request, answerIn);
      return;
    }
    const sentAtMs = clock.now();
    clock.at(sentAtMs + there, () => {
      const response = ledger.record(process.name, request, sentAtMs, true);
      const delay = (response.delayMs ?? 0) + back;
      if (delay > CLIENT_TIMEOUT_MS) answerIn(CLIENT_TIMEOUT_MS, uncertain('no answer in time'));
      else answerIn(delay, toResult(response));
    });
  }

  const handleNow = (request: ApiRequest): ApiResponse =>
    ledger.record(process.name, request, clock.now(), false);

  function trouble(
    kind: Trouble,
    request: ApiRequest,
    answerIn: (delayMs: number, result: HttpResult) => void,
  ): void {
    switch (kind) {
      case 'refused':
        answerIn(5, { kind: 'not-sent', why: 'connection refused' });
        return;
      case 'lost':
        answerIn(CLIENT_TIMEOUT_MS, uncertain('lost on the way'));
        return;
      case 'proxy-error':
        answerIn(10, toResult({ status: 503, headers: {}, body: '<html>proxy</html>' }));
        return;
      case 'unanswered':
        handleNow(request);
        answerIn(20, uncertain('reset before the answer'));
        return;
      case 'late': {
        // The service was hung and does its work when it wakes up.
        const sentAtMs = clock.now();
        clock.at(sentAtMs + random.next() * LATE_EFFECT_MS, () => {
          ledger.record(process.name, request, sentAtMs, false);
        });
        answerIn(CLIENT_TIMEOUT_MS, uncertain('no answer in time'));
        return;
      }
      case 'server-error': {
        const body = { computeFault: { code: 500, message: 'Unexpected API Error.' } };
        answerIn(20, toResult({ ...handleNow(request), status: 500, body }));
        return;
      }
    }
  }

  return {
    send: (request) =>
      new Promise((resolve) => {
        if (process.alive()) exchange(toApi(request), resolve);
      }),
  };
}
