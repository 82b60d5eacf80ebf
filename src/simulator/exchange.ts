import type { Fault, Faults } from './faults.ts';
import { fault as novaFault, identityFault, reply } from './request.ts';
import type { ApiRequest, ApiResponse } from './request.ts';

/** What reaches the client of one request. */
export type Delivery =
  | {
      readonly kind: 'answer';
      readonly response: ApiResponse;
      readonly delayMs: number;
      /** The body comes in pieces of so many bytes. */
      readonly drip?: { readonly bytes: number; readonly everyMs: number };
    }
  /** Headers and half of the body, then the connection breaks. */
  | { readonly kind: 'cut'; readonly response: ApiResponse; readonly delayMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** Sends a request through the faults to a cloud: the same for sockets and for callers in process. */
export type Exchange = (request: ApiRequest) => Delivery;

const PROXY_PAGE =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

function statusAnswer(request: ApiRequest, fault: Extract<Fault, { kind: 'status' }>): ApiResponse {
  const message = fault.message ?? `The service answered ${fault.status}.`;
  const answer =
    request.service === 'identity' || fault.status === 401
      ? identityFault(fault.status, 'Error', message)
      : novaFault(fault.status, message);
  if (fault.retryAfterS !== undefined) answer.headers['retry-after'] = String(fault.retryAfterS);
  return answer;
}

/** Makes the way from clients to a cloud. */
export function createExchange(parts: {
  readonly handle: (request: ApiRequest) => ApiResponse;
  readonly faults: Faults;
}): Exchange {
  const { handle, faults } = parts;
  const answer = (response: ApiResponse, extraMs = 0): Delivery => ({
    kind: 'answer',
    response,
    delayMs: (response.delayMs ?? 0) + extraMs,
  });
  const replaced = (response: ApiResponse, type: string, body: unknown): Delivery =>
    answer({ ...response, headers: { ...response.headers, 'content-type': type }, body });

  return (request) => {
    const fault = faults.decide(request);
    if (fault === undefined) return answer(handle(request));
    switch (fault.kind) {
      case 'latency':
        return answer(handle(request), fault.delayMs);
      case 'drip': {
        const { bytes, everyMs } = fault;
        const response = handle(request);
        return {
          kind: 'answer',
          response,
          delayMs: response.delayMs ?? 0,
          drip: { bytes, everyMs },
        };
      }
      case 'reset-before':
        return { kind: 'reset' };
      case 'reset-after':
        handle(request);
        return { kind: 'reset' };
      case 'hang':
        if (fault.effect) handle(request);
        return { kind: 'hang' };
      case 'status':
        if (fault.effect) handle(request);
        return answer(statusAnswer(request, fault));
      case 'garbage':
        return replaced(handle(request), 'application/json', '{"servers": [}}\u0000 not json');
      case 'truncated': {
        const response = handle(request);
        return { kind: 'cut', response, delayMs: response.delayMs ?? 0 };
      }
      case 'html':
        return replaced(reply(fault.status), 'text/html', PROXY_PAGE);
      case 'wrong-content':
        return replaced(handle(request), 'application/json', fault.body);
    }
  };
}
