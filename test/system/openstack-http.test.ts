import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readText } from '../../src/adapters/openstack/disk.ts';
import type { HttpRequest, HttpResult } from '../../src/adapters/openstack/exchange.ts';
import { createHttp } from '../../src/adapters/openstack/http.ts';
import type { HttpOptions } from '../../src/adapters/openstack/http.ts';
import { answerLate, crowd, drip, sendJson, startOddServer } from '../support/odd-server.ts';
import type { Behaviour, OddServer } from '../support/odd-server.ts';

const closers: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function odd(behave: Behaviour): Promise<OddServer> {
  const server = await startOddServer(behave);
  closers.push(() => server.close());
  return server;
}

function client(options: Partial<HttpOptions> = {}) {
  const http = createHttp({
    tls: { insecure: false, cacert: null, cert: null, key: null },
    readFile: readText,
    deadlineMs: 20_000,
    ...options,
  });
  closers.push(() => {
    http.close();
  });
  return http;
}

/** How many a client keeps to one server. */
const CONNECTIONS = 32;

const get = (url: string, part: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  headers: {},
  ...part,
});

const post = (url: string, part: Partial<HttpRequest> = {}): HttpRequest => ({
  ...get(url, part),
  method: 'POST',
  json: { evacuate: {} },
});

const why = (result: HttpResult): string =>
  result.kind === 'response' ? `response ${result.status}` : `${result.kind}: ${result.why}`;

describe('an exchange', () => {
  it('brings status, headers and JSON', async () => {
    const server = await odd(({ response }) => {
      sendJson(response, 200, { a: 1 }, { 'X-OpenStack-Request-Id': 'req-1' });
    });
    const result = await client().send(post(`${server.url}/x?y=1`, { headers: { 'X-A': 'b' } }));
    expect(result).toMatchObject({
      kind: 'response',
      status: 200,
      body: { a: 1 },
      headers: { 'x-openstack-request-id': 'req-1' },
    });
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      url: '/x?y=1',
      body: '{"evacuate":{}}',
      headers: { 'x-a': 'b', 'content-type': expect.stringContaining('json') as string },
    });
  });

  it('may have an empty body, as that of an evacuation has', async () => {
    const server = await odd(({ response }) => response.writeHead(200).end());
    expect(await client().send(post(server.url))).toMatchObject({ status: 200, body: undefined });
  });

  it('ends with the status of a failure, its page as text', async () => {
    const server = await odd(({ response }) => {
      response.writeHead(404, { 'Content-Type': 'text/html' }).end('<html><h1>No</h1></html>');
    });
    expect(await client().send(get(server.url))).toMatchObject({
      status: 404,
      body: undefined,
      text: 'No',
    });
  });

  it('follows no redirect and uses no proxy of the environment', async () => {
    const server = await odd(({ response }) => {
      response.writeHead(301, { Location: 'http://127.0.0.1:9/' }).end();
    });
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = 'http://127.0.0.1:9';
    try {
      expect(await client().send(get(server.url))).toMatchObject({ status: 301 });
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
  });
});

describe('what was certainly not sent', () => {
  it('is a refused connection', async () => {
    const server = await odd(() => undefined);
    await server.close();
    const result = await client().send(post(server.url));
    expect(why(result)).toMatch(/^not-sent: POST http:\S+: connection refused: nothing listens/);
  });

  it('is an unknown host name', async () => {
    const result = await client().send(post('http://nosuch.invalid:5000/v3'));
    expect(why(result)).toMatch(/^not-sent: .*(DNS)/);
  });

  it('is a handshake that does not come about', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const result = await client({ connectMs: 150 }).send(post(`https://127.0.0.1:${port}/`));
    expect(why(result)).toContain('not-sent');
    expect(why(result)).toContain('no connection within the time limit');
  });

  it('is TLS towards a server that speaks plain HTTP', async () => {
    const server = await odd(({ response }) => response.end());
    const result = await client().send(post(server.url.replace('http:', 'https:')));
    expect(result.kind).toBe('not-sent');
  });

  it('is a request whose deadline passed before the connection stood', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const request = post(`https://127.0.0.1:${port}/`, { deadlineMs: 100 });
    expect(why(await client().send(request))).toMatch(/^not-sent: .*the deadline passed/);
  });
});

describe('what may have been carried out', () => {
  it.each<[string, Behaviour]>([
    ['a reset after the request', ({ socket }) => void socket.resetAndDestroy()],
    ['a closed connection', ({ socket }) => void socket.destroy()],
    ['no answer at all', () => undefined],
    [
      'an answer that drips',
      ({ response }) => {
        drip(response);
      },
    ],
    [
      'half a body',
      ({ response, socket }) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('{"half":', () => void socket.destroy());
      },
    ],
    ['JSON that breaks off', ({ response }) => void response.end('{"half":')],
    ['a page instead of JSON', ({ response }) => void response.end('<h1>Welcome</h1>')],
    ['an answer too long', ({ response }) => void response.end(`"${'x'.repeat(5000)}"`)],
  ])('%s', async (_, behave) => {
    const server = await odd(behave);
    const http = client({ maxBytes: 1000 });
    const result = await http.send(post(server.url, { deadlineMs: 400 }));
    expect(why(result)).toMatch(/^uncertain: POST /);
    expect(server.seen).toHaveLength(1);
  });
});

describe('a request that has waited for a connection', () => {
  const askAll = async (server: OddServer): Promise<HttpResult> => {
    const http = client({ connectMs: 200 });
    const first = Array.from({ length: CONNECTIONS }, () => http.send(get(server.url)));
    const last = http.send(post(server.url));
    await Promise.all(first);
    return last;
  };

  it('was sent, whatever becomes of it then', async () => {
    const reset: Behaviour = ({ socket }) => void socket.resetAndDestroy();
    const server = await odd(crowd(CONNECTIONS, reset));
    expect(why(await askAll(server))).toMatch(/^uncertain: POST .*after the request was sent/);
  });

  it('may be answered later than a connection may take', async () => {
    const server = await odd(
      crowd(CONNECTIONS, ({ response }) => {
        answerLate(response, 600);
      }),
    );
    expect(why(await askAll(server))).toBe('response 200');
    expect(server.seen).toHaveLength(CONNECTIONS + 1);
  });
});

describe('repeats', () => {
  it('are made for a GET, on another connection', async () => {
    const server = await odd(({ count, response, socket }) => {
      if (count === 1) socket.resetAndDestroy();
      else sendJson(response, 200, { count });
    });
    expect(await client().send(get(server.url))).toMatchObject({ body: { count: 2 } });
    expect(server.seen.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  it('end after two', async () => {
    const server = await odd(({ response }) => {
      sendJson(response, 503, { message: 'busy' });
    });
    expect(await client().send(get(server.url))).toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(3);
  });

  it.each([500, 409, 404, 401])('are not made for %i', async (status) => {
    const server = await odd(({ response }) => {
      sendJson(response, status, {});
    });
    expect(await client().send(get(server.url))).toMatchObject({ status });
    expect(server.seen).toHaveLength(1);
  });

  it('are never made for a POST, unless it is marked as repeatable', async () => {
    const server = await odd(({ response }) => {
      sendJson(response, 502, {});
    });
    await client().send(post(server.url));
    expect(server.seen).toHaveLength(1);
    await client().send(post(server.url, { repeatable: true }));
    expect(server.seen).toHaveLength(4);
  });

  it('leave open what was on its way once, although they find nobody', async () => {
    let got = '';
    const listener = createServer((socket) => {
      socket.on('data', (chunk) => {
        got += chunk.toString();
        listener.close();
        socket.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const request = post(`http://127.0.0.1:${port}/`, { repeatable: true });
    expect(why(await client().send(request))).toMatch(/^uncertain: /);
    expect(got).toContain('evacuate');
  });

  it('leave open what was on its way once, although they are refused as too many', async () => {
    const server = await odd(({ count, response, socket }) => {
      if (count === 1) socket.resetAndDestroy();
      else sendJson(response, 429, {});
    });
    const result = await client().send(post(server.url, { repeatable: true }));
    expect(why(result)).toMatch(/^uncertain: /);
  });

  it('are not made once the right to send has ended', async () => {
    let may = true;
    const server = await odd(({ response }) => {
      may = false;
      sendJson(response, 503, {});
    });
    const request = post(server.url, { repeatable: true, mayLeave: () => may });
    expect(why(await client().send(request))).toBe('response 503');
    expect(server.seen).toHaveLength(1);
  });

  it('wait as Retry-After says, when that fits into the deadline', async () => {
    const server = await odd(({ count, response }) => {
      const wait = count === 1 ? '1' : '3600';
      if (count === 2) sendJson(response, 200, { count });
      else sendJson(response, 429, {}, { 'Retry-After': wait });
    });
    expect(await client().send(get(server.url))).toMatchObject({ body: { count: 2 } });
    expect(await client().send(get(server.url))).toMatchObject({ status: 429 });
    expect(server.seen).toHaveLength(3);
  });

  it('meet a kept connection that the server has given up', async () => {
    const server = await odd(({ seen, count, response, socket }) => {
      const first = count === 1;
      if (!first && seen.connection === 1) socket.resetAndDestroy();
      else sendJson(response, 200, { count });
    });
    const http = client();
    await http.send(get(server.url));
    expect(await http.send(get(server.url))).toMatchObject({ body: { count: 3 } });
  });
});

describe('connections', () => {
  it('are kept for reads, and fresh where asked for', async () => {
    const server = await odd(({ response }) => {
      sendJson(response, 200, {});
    });
    const http = client();
    for (const fresh of [false, false, true, true, false]) {
      await http.send(post(server.url, { fresh }));
    }
    expect(server.seen.map(({ connection }) => connection)).toEqual([1, 1, 2, 3, 1]);
    expect(server.seen[2]?.headers.connection).toBe('close');
  });
});

describe('secrets', () => {
  it('stand in no result and no log line', async () => {
    const server = await odd(({ seen, count, response, socket }) => {
      const echo = JSON.stringify(seen);
      if (count === 1) sendJson(response, 400, { badRequest: { message: echo } });
      else if (count === 2) response.end(`<pre>${echo}</pre>`);
      else if (count === 3) response.writeHead(502).end(echo);
      else socket.resetAndDestroy();
    });
    const lines: string[] = [];
    const http = client({ log: { debug: (sentence) => lines.push(sentence) } });
    const results: HttpResult[] = [];
    for (let round = 0; round < 4; round += 1) {
      results.push(
        await http.send({
          method: 'POST',
          url: server.url.replace('//', '//me:url-pass@'),
          headers: { 'X-Auth-Token': 'the-token' },
          json: { auth: { identity: { user: { password: 'the-"pass"' } } } },
        }),
      );
    }
    expect(server.seen).toHaveLength(4);
    const all = JSON.stringify([results, lines]);
    for (const secret of ['the-', 'url-pass', 'bWU6']) expect(all).not.toContain(secret);
    expect(all).toContain('***');
  });
});
