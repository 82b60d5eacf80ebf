import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** 1 for the first connection that the server accepted, and so on. */
  readonly connection: number;
}

/** What a request gets; `count` is 1 for the first request of all. */
export type Behaviour = (exchange: {
  readonly seen: Seen;
  readonly count: number;
  readonly response: ServerResponse;
  readonly socket: Socket;
}) => void;

/** A server that misbehaves as told, on a free port of the loopback. */
export interface OddServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  close(): Promise<void>;
}

/** Starts it; with `tls` it speaks HTTPS. */
export async function startOddServer(
  behave: Behaviour,
  tls?: https.ServerOptions,
): Promise<OddServer> {
  const seen: Seen[] = [];
  const connections = new Map<Socket, number>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    let connection = connections.get(socket);
    if (connection === undefined) {
      connection = connections.size + 1;
      connections.set(socket, connection);
    }
    const number = connection;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Seen = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        connection: number,
      };
      seen.push(one);
      behave({ seen: one, count: seen.length, response, socket });
    });
  };
  const server =
    tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers the first `size` requests when all of them are there, and all further ones as told. */
export function crowd(size: number, then: Behaviour): Behaviour {
  const held: ServerResponse[] = [];
  return (exchange) => {
    if (exchange.count > size) {
      then(exchange);
      return;
    }
    held.push(exchange.response);
    if (exchange.count === size) for (const response of held) sendJson(response, 200, {});
  };
}

/** Answers with JSON after a while, or not at all when the other side has gone before. */
export function answerLate(response: ServerResponse, afterMs: number): void {
  const timer = setTimeout(() => {
    sendJson(response, 200, {});
  }, afterMs);
  response.on('close', () => {
    clearTimeout(timer);
  });
}

/** Sends one byte of a body that never ends, again and again. */
export function drip(response: ServerResponse, everyMs = 20): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => response.write(' '), everyMs);
  response.on('close', () => {
    clearInterval(timer);
  });
}
