import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
// Before axios, see there.
import { giveFetchBack } from './without-fetch.ts';
import axios, { AxiosHeaders } from 'axios';
import pRetry from 'p-retry';
import type { Millis } from '../../domain/time.ts';
import type { Log } from '../../engine/ports.ts';
import type { TlsSettings } from './credentials.ts';
import type { FileRead } from './disk.ts';
import { excerpt, shownUrl } from './exchange.ts';
import type { Http, HttpRequest, HttpResult } from './exchange.ts';
import { redact, secretsOf } from './redaction.ts';
import { readTls } from './tls.ts';
import { watchedTransport, wordsFor } from './transport.ts';
import type { Passage } from './transport.ts';

/** Settings of {@link createHttp}; all lengths of time in milliseconds. */
export interface HttpOptions {
  readonly tls: TlsSettings;
  readonly readFile: (path: string) => FileRead;
  readonly log?: Pick<Log, 'debug'>;
  /** Longer answers are cut off and count as damaged. */
  readonly maxBytes?: number;
  /** For TCP and TLS together. */
  readonly connectMs?: Millis;
  /** Silence on the line; a PUT os-services may be silent for a minute (Nova's RPC time-out). */
  readonly idleMs?: Millis;
  /** For the whole exchange, repeats included, when the request states none. */
  readonly deadlineMs?: Millis;
}

interface Agents {
  readonly kind: 'ok';
  readonly kept: { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent };
  readonly fresh: { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent };
}

giveFetchBack();

const REPEATS = 2;
const FIRST_PAUSE_MS = 100;

/**
 * The one way out, over axios: no proxy, no redirects, a deadline that also ends a dripping answer,
 * own JSON parsing, a size limit. Requests that may be repeated are, twice, after time-outs, resets,
 * 429 and 502-504, and within the deadline. Nothing it says carries a token or a password.
 */
export function createHttp(options: HttpOptions): Http & { close(): void } {
  const { deadlineMs = 30_000 } = options;
  const pool = createPool(options);
  const attempt = createAttempt(options, () => pool.agents());

  async function send(request: HttpRequest): Promise<HttpResult> {
    const lengthMs = request.deadlineMs ?? deadlineMs;
    const endsAt = performance.now() + lengthMs;
    const signal = AbortSignal.timeout(lengthMs);
    const repeatable = request.repeatable ?? request.method === 'GET';
    if (!repeatable) return attempt(request, signal, request.fresh === true);
    const answers: HttpResult[] = [];
    const again = new Error('worth another try');
    try {
      await pRetry(
        async (count) => {
          if (count > 1 && request.mayLeave?.() === false) return;
          // Behind a stale pooled connection there may be more of them: repeats take a fresh one.
          const answer = await attempt(request, signal, request.fresh === true || count > 1);
          answers.push(answer);
          if (isPassing(answer)) throw again;
        },
        {
          retries: REPEATS,
          minTimeout: FIRST_PAUSE_MS,
          factor: 3,
          signal,
          shouldRetry: ({ error, retriesLeft }) =>
            error === again && retriesLeft > 0 && waitAsAsked(answers.at(-1), endsAt, signal),
        },
      );
    } catch (error) {
      if (error !== again && !signal.aborted) throw error;
    }
    return sumUp(answers) ?? { kind: 'not-sent', why: `${label(request)}: the deadline passed` };
  }

  return {
    send,
    close: () => {
      pool.close();
    },
  };
}

const label = (request: HttpRequest): string => `${request.method} ${shownUrl(request.url)}`;

/** Troubles that a second try may not meet; 500 is Nova's own exception and stays. */
function isPassing(result: HttpResult): boolean {
  if (result.kind !== 'response') return true;
  return [413, 429, 502, 503, 504].includes(result.status);
}

/**
 * What all tries together came to: the last answer, unless that only says that the last try was not
 * taken. What was on its way once may have been carried out, whatever became of its repeats.
 */
function sumUp(answers: readonly HttpResult[]): HttpResult | undefined {
  const last = answers.at(-1);
  if (last === undefined || !isPassing(last)) return last;
  return answers.findLast(mayHaveActed) ?? last;
}

const mayHaveActed = (result: HttpResult): boolean =>
  result.kind === 'uncertain' || (result.kind === 'response' && result.status >= 500);

/** Honours Retry-After when it fits into the deadline; false: there is no time for another try. */
async function waitAsAsked(
  last: HttpResult | undefined,
  endsAt: number,
  signal: AbortSignal,
): Promise<boolean> {
  const seconds = last?.kind === 'response' ? Number(last.headers['retry-after'] ?? 0) : 0;
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
  if (performance.now() + waitMs + FIRST_PAUSE_MS >= endsAt) return false;
  if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

function createPool({ tls, readFile }: HttpOptions) {
  let ready: Agents | null = null;
  return {
    /** The certificates are read at first use, and again after a failure: a mended file then works. */
    agents(): Agents | { readonly kind: 'error'; readonly message: string } {
      if (ready !== null) return ready;
      const material = readTls(tls, readFile);
      if (material.kind === 'error') return material;
      const secure = { ...material.options, ca: [...material.options.ca] };
      const make = (options: http.AgentOptions) => ({
        httpAgent: new http.Agent(options),
        httpsAgent: new https.Agent({ ...options, ...secure }),
      });
      // An agent with a socket limit reuses connections even without keepAlive.
      const kept = make({ keepAlive: true, maxSockets: 32 });
      ready = { kind: 'ok', kept, fresh: make({ keepAlive: false }) };
      return ready;
    },
    close(): void {
      for (const { httpAgent, httpsAgent } of ready === null ? [] : [ready.kept, ready.fresh]) {
        httpAgent.destroy();
        httpsAgent.destroy();
      }
      ready = null;
    },
  };
}

function createAttempt(
  { log, maxBytes = 64 * 1024 * 1024, connectMs = 5_000, idleMs = 75_000 }: HttpOptions,
  agents: () => Agents | { readonly kind: 'error'; readonly message: string },
) {
  return async function attempt(
    request: HttpRequest,
    signal: AbortSignal,
    fresh: boolean,
  ): Promise<HttpResult> {
    const pool = agents();
    if (pool.kind === 'error') return { kind: 'not-sent', why: pool.message };
    const passage: Passage = { connected: false };
    const secrets = secretsOf(request);
    const startedAt = performance.now();
    const done = (result: HttpResult): HttpResult => {
      const outcome = result.kind === 'response' ? String(result.status) : result.kind;
      const ms = Math.round(performance.now() - startedAt);
      log?.debug(`${label(request)}: ${outcome} after ${String(ms)} ms`);
      return result;
    };
    try {
      const response = await overNode({
        method: request.method,
        url: request.url,
        ...contentOf(request),
        ...(fresh ? pool.fresh : pool.kept),
        transport: watchedTransport(passage, connectMs),
        signal,
        timeout: idleMs,
        proxy: false,
        maxRedirects: 0,
        maxContentLength: maxBytes,
        validateStatus: () => true,
        responseType: 'text',
      });
      const headers = lowerCase(response.headers);
      const text = typeof response.data === 'string' ? response.data : '';
      return done(interpret(request, response.status, headers, text, secrets));
    } catch (error) {
      const why = redact(`${label(request)}: ${wordsFor(error)}`, secrets);
      if (!passage.connected) return done({ kind: 'not-sent', why });
      return done({ kind: 'uncertain', why: `${why}, after the request was sent` });
    }
  };
}

// Asked directly: with 1,000 requests, merging defaults and transforms that nothing here needs is a
// tenth of the worker's time.
const overNode = axios.getAdapter('http');

const HEADERS = { Accept: 'application/json', 'User-Agent': 'nova-ha' };

/** Headers and body; Nova takes nothing but JSON. */
function contentOf({ headers, json }: HttpRequest) {
  if (json === undefined) return { headers: new AxiosHeaders({ ...HEADERS, ...headers }) };
  const typed = { ...HEADERS, 'Content-Type': 'application/json', ...headers };
  return { headers: new AxiosHeaders(typed), data: JSON.stringify(json) };
}

function interpret(
  request: HttpRequest,
  status: number,
  headers: Readonly<Record<string, string>>,
  raw: string,
  secrets: readonly string[],
): HttpResult {
  const success = status >= 200 && status < 300;
  // Bodies of failures are only quoted; some servers echo the request in them.
  const text = success ? raw : redact(raw, secrets);
  const body = parseJson(text);
  if (success && body === undefined && /\S/.test(text)) {
    const start = excerpt(redact(text, secrets), 80);
    const why = `${label(request)}: answered ${String(status)} with something that is not JSON: "${start}"`;
    return { kind: 'uncertain', why };
  }
  return { kind: 'response', status, headers, body, text: success ? '' : excerpt(text, 400) };
}

function parseJson(text: string): unknown {
  if (!/\S/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function lowerCase(headers: object): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== null) plain[name.toLowerCase()] = String(value);
  }
  return plain;
}
