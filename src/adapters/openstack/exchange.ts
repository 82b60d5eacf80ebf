import type { Millis } from '../../domain/time.ts';

/** One HTTP request; the body, when there is one, goes as JSON. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** The whole exchange ends by then, repeats included. */
  readonly deadlineMs?: Millis;
  /** On a connection of its own, so that a stale keep-alive socket cannot make the outcome uncertain. */
  readonly fresh?: boolean;
  /** It may be sent again after a time-out or reset; by default only a GET may. */
  readonly repeatable?: boolean;
  /** Asked before each repeat; false: there is none. */
  readonly mayLeave?: () => boolean;
}

/** A whole answer of the other side, whatever its status. */
export interface HttpResponse {
  readonly kind: 'response';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON, or undefined when there was none. */
  readonly body: unknown;
  /** The start of the text as it came, for messages; secrets of the request are struck out. */
  readonly text: string;
}

/**
 * `not-sent`: the request certainly did not reach the other side (refused connection, DNS, TLS).
 * `uncertain`: it was on its way when something broke, or a success came with a damaged body.
 */
export type HttpResult =
  | HttpResponse
  | { readonly kind: 'not-sent'; readonly why: string }
  | { readonly kind: 'uncertain'; readonly why: string };

/** The only way in which this folder talks to the outside; never throws for what the network does. */
export interface Http {
  send(request: HttpRequest): Promise<HttpResult>;
}

/** A URL as messages show it: without user info, query and fragment. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([a-z]+:\/\/)?[^/]*@/i, '$1');
}

/** The start of a text on one line, without HTML tags: enough to recognise a proxy's page. */
export function excerpt(text: string, length = 200): string {
  const line = text
    .slice(0, 4000)
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
