import type { Http, HttpRequest, HttpResult } from '../../src/adapters/openstack/exchange.ts';

/** An HTTP whose answers a test writes down; it remembers what was sent. */
export function scriptedHttp(answer: (request: HttpRequest) => HttpResult): Http & {
  readonly sent: HttpRequest[];
} {
  const sent: HttpRequest[] = [];
  return {
    sent,
    send: (request) => {
      sent.push(request);
      return Promise.resolve(answer(request));
    },
  };
}

/** A whole answer. */
export const response = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResult => ({
  kind: 'response',
  status,
  headers,
  body: typeof body === 'string' ? undefined : body,
  text: typeof body === 'string' ? body : '',
});

/** A wall clock that a test sets. */
export function handClock(startMs = Date.UTC(2026, 10, 20, 12)): {
  now(): number;
  pass(lengthMs: number): void;
} {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    pass: (lengthMs) => {
      nowMs += lengthMs;
    },
  };
}
