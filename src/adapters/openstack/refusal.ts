import type { RefusalCause } from '../../domain/outcome.ts';
import { excerpt } from './exchange.ts';

/** Nova's error envelope `{"<name>": {code, message}}`, or keystonemiddleware's `{"error": …}`. */
export interface Fault {
  /** The name of the envelope; only Nova itself says `itemNotFound`. */
  readonly name: string;
  readonly message: string;
}

/** The names of Nova's envelopes (api/openstack/wsgi.py `Fault`); gateways have names of their own. */
const NOVA_NAMES: ReadonlySet<string> = new Set([
  'badRequest',
  'unauthorized',
  'forbidden',
  'itemNotFound',
  'badMethod',
  'conflictingRequest',
  'overLimit',
  'badMediaType',
  'notImplemented',
  'computeFault',
]);

/** Reads an error envelope; null for anything else, such as a proxy's page. */
export function faultOf(body: unknown): Fault | null {
  if (typeof body !== 'object' || body === null) return null;
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'object' || value === null) continue;
    const { message } = value as { message?: unknown };
    if (typeof message === 'string') return { name, message };
  }
  return null;
}

/** What went wrong, in the other side's words: Nova's message, else the start of the text. */
export function messageOf(answer: {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}): string {
  const fault = faultOf(answer.body);
  if (fault !== null) return excerpt(fault.message, 400);
  return answer.text === '' ? 'no message' : `not from Nova: "${excerpt(answer.text, 120)}"`;
}

/**
 * The cause of a 3xx or 4xx, or `uncertain` where the request may have had an effect all the same:
 * 408 is a proxy's time-out, and Nova answers 409 for a too old RPC version after it has written its
 * records (compute/api.py evacuate). The texts are those of Nova's exceptions, unchanged since Xena.
 * Without Nova's envelope nobody has judged the request: a proxy that has lost its backend, or is
 * being reloaded, says 404, 421 or 302, and may know better a minute later.
 */
export function causeOf(answer: {
  readonly status: number;
  readonly body: unknown;
}): RefusalCause | 'uncertain' {
  const fault = faultOf(answer.body);
  const message = fault?.message ?? '';
  const isNova = fault !== null && NOVA_NAMES.has(fault.name);
  switch (answer.status) {
    case 401:
      return 'authentication';
    case 403:
      return 'forbidden';
    case 408:
      return 'uncertain';
    case 413:
    case 429:
      return 'too-many';
    case 409:
      if (!isNova || /\bRPC\b|rpc version/i.test(message)) return 'uncertain';
      return 'wrong-state';
    default:
      return isNova ? verdictOf(answer.status, fault) : 'not-nova';
  }
}

/** What Nova itself says with a 4xx. */
function verdictOf(status: number, { name, message }: Fault): RefusalCause {
  switch (status) {
    case 400:
      if (/still in use/.test(message)) return 'service-up';
      if (/Unable to force up host/.test(message)) return 'guard';
      if (/not supported/i.test(message)) return 'unsupported';
      return 'bad-request';
    case 404:
      if (name !== 'itemNotFound') return 'bad-request';
      return /^(Compute )?[Hh]ost /.test(message) ? 'target-not-found' : 'not-found';
    default:
      return 'bad-request';
  }
}
