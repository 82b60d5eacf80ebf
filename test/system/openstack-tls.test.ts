import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TlsSettings } from '../../src/adapters/openstack/credentials.ts';
import { readText } from '../../src/adapters/openstack/disk.ts';
import type { HttpResult } from '../../src/adapters/openstack/exchange.ts';
import { createHttp } from '../../src/adapters/openstack/http.ts';
import { createAuthority } from '../support/certificates.ts';
import type { Authority, Pair } from '../support/certificates.ts';
import { crowd, sendJson, startOddServer } from '../support/odd-server.ts';
import type { OddServer } from '../support/odd-server.ts';

let authority: Authority;
let server: OddServer | null = null;

beforeAll(() => {
  authority = createAuthority();
});

afterEach(async () => {
  await server?.close();
  server = null;
});

afterAll(() => {
  authority.remove();
});

async function ask(
  tls: Partial<TlsSettings>,
  {
    pair = authority.server,
    clientCertificates = false,
  }: { pair?: Pair; clientCertificates?: boolean } = {},
): Promise<HttpResult> {
  server = await startOddServer(
    ({ response }) => {
      sendJson(response, 200, { ok: true });
    },
    {
      cert: authority.read(pair.cert),
      key: authority.read(pair.key),
      ...(clientCertificates
        ? { requestCert: true, rejectUnauthorized: true, ca: authority.read(authority.ca) }
        : {}),
    },
  );
  const settings = { insecure: false, cacert: null, cert: null, key: null, ...tls };
  const http = createHttp({ tls: settings, readFile: readText, deadlineMs: 20_000 });
  try {
    return await http.send({
      method: 'POST',
      url: server.url,
      headers: {},
      json: {},
      deadlineMs: 20_000,
    });
  } finally {
    http.close();
  }
}

const why = (result: HttpResult): string =>
  result.kind === 'response' ? `response ${result.status}` : `${result.kind}: ${result.why}`;

describe('TLS', () => {
  it('trusts the authority that cacert names', async () => {
    expect(why(await ask({ cacert: authority.ca }))).toBe('response 200');
  });

  it('refuses an unknown authority before anything is sent, and names the remedy', async () => {
    const message = why(await ask({}));
    expect(message).toMatch(/^not-sent: .*set cacert/);
    expect(server?.seen).toEqual([]);
  });

  it('refuses a certificate for another name', async () => {
    const message = why(await ask({ cacert: authority.ca }, { pair: authority.elsewhere }));
    expect(message).toMatch(/^not-sent: .*another host name/);
  });

  it('takes anything when insecure', async () => {
    expect(why(await ask({ insecure: true }, { pair: authority.elsewhere }))).toBe('response 200');
  });

  it('was set up before a request that has waited for a connection, which may have been carried out', async () => {
    const { cert, key } = authority.server;
    server = await startOddServer(
      crowd(32, ({ socket }) => void socket.destroy()),
      { cert: authority.read(cert), key: authority.read(key) },
    );
    const tls = { insecure: false, cacert: authority.ca, cert: null, key: null };
    const http = createHttp({ tls, readFile: readText, deadlineMs: 20_000 });
    try {
      const request = { method: 'POST', url: server.url, headers: {}, json: {} } as const;
      const answers = await Promise.all(Array.from({ length: 33 }, () => http.send(request)));
      expect(answers.filter((answer) => why(answer) === 'response 200')).toHaveLength(32);
      expect(why(answers[32] ?? { kind: 'not-sent', why: 'no answer' })).toMatch(/^uncertain: /);
    } finally {
      http.close();
    }
  });

  it('shows a client certificate, with the key beside or in one file', async () => {
    const { cert, key } = authority.client;
    const both = authority.file('both.pem', `${authority.read(cert)}${authority.read(key)}`);
    const asked = { clientCertificates: true };
    expect(why(await ask({ cacert: authority.ca, cert, key }, asked))).toBe('response 200');
    await server?.close();
    expect(why(await ask({ cacert: authority.ca, cert: both }, asked))).toBe('response 200');
  });

  it('names the file that is missing, wrong or damaged', async () => {
    const { cert, key } = authority.client;
    const damaged = authority.file(
      'damaged.pem',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    );
    const cases: readonly [Partial<TlsSettings>, RegExp][] = [
      [{ cacert: '/nosuch/ca.pem' }, /cacert \/nosuch\/ca\.pem cannot be read: it does not exist/],
      [{ cacert: key }, /cacert \S+client\.key holds no certificate in PEM form/],
      [{ cacert: '/' }, /cacert \/ cannot be read: it is a directory/],
      [{ cacert: authority.ca, cert }, /key \S+client\.pem holds no private key/],
      [{ cacert: authority.ca, cert: damaged, key }, /cert \S+damaged\.pem is damaged/],
      [
        { cacert: authority.ca, cert, key: authority.server.key },
        /key \S+server\.key does not fit cert \S+client\.pem/,
      ],
    ];
    for (const [tls, message] of cases) {
      const said = why(await ask(tls));
      expect(said).toMatch(/^not-sent/);
      expect(said).toMatch(message);
      await server?.close();
    }
  });
});
