import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createBmc } from './bmc.ts';
import type { Bmc } from './bmc.ts';
import type { Cloud } from './cloud.ts';
import { handleBmc, handleControl } from './control.ts';
import { createExchange } from './exchange.ts';
import type { Delivery, Exchange } from './exchange.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { reply } from './request.ts';
import type { ApiRequest, ApiResponse, ServiceName } from './request.ts';
import { cutResponse, dripResponse, sendResponse } from './sending.ts';

/** How the HTTP face is started. */
export interface SimulatorOptions {
  readonly cloud: Cloud;
  /** 0 takes a free port. */
  readonly port?: number;
  /** Address to listen on; the loopback if it is not given. */
  readonly host?: string;
  /** Certificate and key in PEM: HTTPS instead of HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly faults?: Faults;
}

/** A running HTTP face: all services under one port, told apart by a prefix. */
export interface Simulator {
  readonly url: string;
  readonly authUrl: string;
  readonly controlUrl: string;
  readonly endpoints: Readonly<Record<ServiceName, string>>;
  readonly faults: Faults;
  readonly bmc: Bmc;
  /** Ends it, with every open connection. */
  close(): Promise<void>;
}

const SERVICES: readonly ServiceName[] = ['identity', 'compute', 'image', 'placement', 'network'];
const LARGEST_BODY_BYTES = 1_000_000;

function readBody(message: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= LARGEST_BODY_BYTES) chunks.push(chunk);
    });
    message.on('end', () => {
      resolve(bytes <= LARGEST_BODY_BYTES ? Buffer.concat(chunks).toString('utf8') : undefined);
    });
    message.on('error', () => {
      resolve(undefined);
    });
  });
}

function readQuery(parameters: URLSearchParams): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return query;
}

function readHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

function parseBody(text: string): { readonly body: unknown } | undefined {
  try {
    return { body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  } catch {
    return undefined;
  }
}

function deliver(delivery: Delivery, response: ServerResponse, isHead: boolean): void {
  switch (delivery.kind) {
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut':
      later(delivery.delayMs, () => {
        cutResponse(response, delivery.response);
      });
      return;
    case 'answer':
      later(delivery.delayMs, () => {
        if (delivery.drip === undefined) sendResponse(response, delivery.response, isHead);
        else dripResponse(response, delivery.response, delivery.drip);
      });
  }
}

function later(delayMs: number, act: () => void): void {
  if (delayMs <= 0) act();
  else setTimeout(act, delayMs).unref();
}

interface Face {
  readonly exchange: Exchange;
  readonly control: (method: string, path: string, body: unknown) => ApiResponse | undefined;
}

async function serve(
  face: Face,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readBody(message);
  const parsed = text === undefined ? undefined : parseBody(text);
  if (parsed === undefined) {
    const body = { badRequest: { code: 400, message: 'Malformed request body' } };
    sendResponse(response, reply(400, body), false);
    return;
  }
  const method = message.method ?? 'GET';
  const url = new URL(message.url ?? '/', 'http://simulator.invalid');
  const own = face.control(method, url.pathname, parsed.body);
  if (own !== undefined) {
    sendResponse(response, own, false);
    return;
  }
  const service = SERVICES.find(
    (name) => url.pathname === `/${name}` || url.pathname.startsWith(`/${name}/`),
  );
  if (service === undefined) {
    sendResponse(response, reply(404, 'nothing here\n'), false);
    return;
  }
  const request: ApiRequest = {
    service,
    method,
    path: url.pathname.slice(service.length + 1),
    query: readQuery(url.searchParams),
    headers: readHeaders(message),
    body: parsed.body,
  };
  deliver(face.exchange(request), response, method === 'HEAD');
}

/** Starts the HTTP face of a cloud; the catalog of the cloud then points to it. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { cloud, tls } = options;
  const faults = options.faults ?? createFaults(cloud.world.random);
  const bmc = createBmc(cloud);
  const face: Face = {
    exchange: createExchange({ handle: (request) => cloud.handle(request), faults }),
    control: (method, path, body) => {
      if (path.startsWith('/_sim'))
        return handleControl({ cloud, bmc, faults }, method, path, body);
      return path.startsWith('/_bmc') ? handleBmc(bmc, method, path, body) : undefined;
    },
  };
  const listener: RequestListener = (message, response) => {
    void serve(face, message, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.keepAliveTimeout = 30_000;
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  cloud.world.identity.baseUrl = url;
  return {
    url,
    authUrl: `${url}/identity/v3`,
    controlUrl: `${url}/_sim`,
    endpoints: {
      identity: `${url}/identity`,
      compute: `${url}/compute/v2.1`,
      image: `${url}/image`,
      placement: `${url}/placement`,
      network: `${url}/network`,
    },
    faults,
    bmc,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
