import { describe, expect, it } from 'vitest';
import type { CloudCredentials } from '../../src/adapters/openstack/credentials.ts';
import type { HttpResult } from '../../src/adapters/openstack/exchange.ts';
import { createKeystone, renewalMarginMs } from '../../src/adapters/openstack/keystone.ts';
import { ADMIN } from '../support/simulated-http.ts';
import { until } from '../support/until.ts';
import { handClock, response, scriptedHttp } from '../support/scripted-http.ts';

const MINUTE = 60_000;

/** A Keystone that hands out `t1`, `t2` … with a lifetime, its own clock five hours ahead of ours. */
function issuing(clock: { now(): number }, lifetimeMs: number) {
  let count = 0;
  return (): HttpResult => {
    count += 1;
    const issued = clock.now() + 5 * 60 * MINUTE;
    const body = {
      token: {
        issued_at: new Date(issued).toISOString().replace('Z', '000Z'),
        expires_at: new Date(issued + lifetimeMs).toISOString().replace('Z', '000Z'),
        roles: [{ name: 'admin' }],
        project: { id: 'p1' },
        catalog: [],
      },
    };
    return response(201, body, { 'x-subject-token': `t${count}` });
  };
}

const REFUSED = response(401, { error: { code: 401, message: 'authentication required' } });

function sentence(grant: { kind: string; message?: string }): string {
  return grant.message ?? grant.kind;
}

async function tokenOf(keystone: ReturnType<typeof createKeystone>): Promise<string> {
  const grant = await keystone.token();
  return grant.kind === 'ok' ? grant.token.id : grant.message;
}

describe('tokens', () => {
  it('are renewed 15 minutes before they end, whatever our clock says', async () => {
    const clock = handClock();
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    expect(await tokenOf(keystone)).toBe('t1');
    clock.pass(44 * MINUTE);
    expect(await tokenOf(keystone)).toBe('t1');
    clock.pass(2 * MINUTE);
    await tokenOf(keystone);
    expect(await tokenOf(keystone)).toBe('t2');
    expect(http.sent).toHaveLength(2);
    expect(http.sent[0]?.url).toBe('http://cloud.test/identity/v3/auth/tokens');
  });

  it('that live shortly are renewed in their last quarter', async () => {
    expect(renewalMarginMs(8 * MINUTE)).toBe(2 * MINUTE);
    const clock = handClock();
    const keystone = createKeystone({
      cloud: ADMIN,
      http: scriptedHttp(issuing(clock, 8 * MINUTE)),
      clock,
    });
    await tokenOf(keystone);
    clock.pass(5 * MINUTE);
    expect(await tokenOf(keystone)).toBe('t1');
    clock.pass(2 * MINUTE);
    expect(await tokenOf(keystone)).toBe('t2');
  });

  it('are fetched once for all who wait', async () => {
    const clock = handClock();
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    const tokens = await Promise.all([1, 2, 3].map(() => tokenOf(keystone)));
    expect(tokens).toEqual(['t1', 't1', 't1']);
    const renewed = await Promise.all([
      keystone.renew('t1', 'compute'),
      keystone.renew('t1', 'compute'),
    ]);
    expect(renewed).toMatchObject([{ token: { id: 't2' } }, { token: { id: 't2' } }]);
    expect(http.sent).toHaveLength(2);
  });

  it('are used to their end while Keystone is away', async () => {
    const clock = handClock();
    let answer = issuing(clock, 60 * MINUTE);
    const http = scriptedHttp(() => answer());
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    await tokenOf(keystone);
    answer = () => ({ kind: 'not-sent', why: 'POST http://cloud.test: refused' });
    clock.pass(50 * MINUTE);
    expect(await tokenOf(keystone)).toBe('t1');
    expect(await tokenOf(keystone)).toBe('t1');
    expect(http.sent).toHaveLength(2);
    clock.pass(11 * MINUTE);
    expect(await tokenOf(keystone)).toContain('Keystone cannot be reached');
  });

  it('that are good for a while are used while a new one is asked for', async () => {
    const clock = handClock();
    const issue = issuing(clock, 60 * MINUTE);
    const waiting: ((result: HttpResult) => void)[] = [];
    let hangs = false;
    const http = {
      send: (): Promise<HttpResult> =>
        hangs ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(issue()),
    };
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    await keystone.token();
    hangs = true;
    clock.pass(50 * MINUTE);
    expect([await tokenOf(keystone), await tokenOf(keystone)]).toEqual(['t1', 't1']);
    expect(waiting).toHaveLength(1);
    waiting.pop()?.(issue());
    await until(async () => (await tokenOf(keystone)) === 't2');
    // One that could be over before Nova has handed it on is waited for, but not again and again.
    clock.pass(55 * MINUTE);
    const asked = tokenOf(keystone);
    waiting.pop()?.({ kind: 'uncertain', why: 'POST http://cloud.test: no answer' });
    expect(await asked).toBe('t2');
    clock.pass(MINUTE);
    expect(await tokenOf(keystone)).toBe('t2');
    expect(waiting).toHaveLength(1);
  });

  it('that a service refuses although they are new are not asked for with every call', async () => {
    const clock = handClock();
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    for (let call = 0; call < 20; call += 1) {
      const refused = await tokenOf(keystone);
      const renewed = await keystone.renew(refused, 'compute');
      if (call > 0) expect(sentence(renewed)).toMatch(/refuses tokens .*keystone_authtoken/);
      clock.pass(1000);
    }
    expect(http.sent).toHaveLength(2);
    clock.pass(MINUTE);
    expect(await keystone.renew(await tokenOf(keystone), 'compute')).toMatchObject({
      token: { id: 't3' },
    });
  });

  it('that a service has taken and then refuses have ended, however young they are', async () => {
    const clock = handClock();
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    for (let call = 1; call <= 5; call += 1) {
      const taken = await tokenOf(keystone);
      keystone.accepted(taken, 'compute');
      expect(await keystone.renew(taken, 'compute')).toMatchObject({
        token: { id: `t${String(call + 1)}` },
      });
      clock.pass(1000);
    }
    // Another service, which has never taken one, is another matter.
    keystone.accepted(await tokenOf(keystone), 'compute');
    expect(sentence(await keystone.renew(await tokenOf(keystone), 'image'))).toMatch(/refuses/);
  });

  it('that are static end with a clear word', async () => {
    const clock = handClock();
    const cloud: CloudCredentials = { ...ADMIN, auth: { kind: 'token', token: 'static' } };
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    const keystone = createKeystone({ cloud, http, clock });
    await tokenOf(keystone);
    clock.pass(59 * MINUTE);
    expect(await tokenOf(keystone)).toBe('t1');
    clock.pass(2 * MINUTE);
    expect(await tokenOf(keystone)).toContain('ended at 2026-11-20T13:00:00');
    expect(http.sent[0]?.json).toMatchObject({
      auth: { identity: { methods: ['token'], token: { id: 'static' } } },
    });
  });

  it('of an application credential are asked for without a scope', async () => {
    const clock = handClock();
    const auth = {
      kind: 'application-credential',
      credential: { id: 'a' },
      secret: 's',
    } as const;
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    await createKeystone({ cloud: { ...ADMIN, auth, project: null }, http, clock }).token();
    expect(http.sent[0]?.json).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'a', secret: 's' },
        },
      },
    });
  });
});

describe('a failed sign-in', () => {
  it('tells a wrong password from a wrong project', async () => {
    const clock = handClock();
    const wrongPassword = createKeystone({
      cloud: ADMIN,
      http: scriptedHttp(() => REFUSED),
      clock,
    });
    expect(sentence(await wrongPassword.token())).toContain('refuses the user or the password');
    const issue = issuing(clock, MINUTE);
    const http = scriptedHttp(({ json }) =>
      JSON.stringify(json).includes('"unscoped"') ? issue() : REFUSED,
    );
    const wrongProject = createKeystone({ cloud: ADMIN, http, clock });
    const grant = await wrongProject.token();
    expect(grant).toMatchObject({ cause: 'authentication', status: 401 });
    expect(sentence(grant)).toContain('refuses the project');
  });

  it('is not repeated at once, lest the account be locked', async () => {
    const clock = handClock();
    const http = scriptedHttp(() => REFUSED);
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    await keystone.token();
    const requests = http.sent.length;
    await keystone.token();
    expect(http.sent).toHaveLength(requests);
    clock.pass(31_000);
    await keystone.token();
    expect(http.sent.length).toBeGreaterThan(requests);
  });

  it.each([
    [response(404, '<h1>Not here</h1>'), 'is no Keystone v3'],
    [response(200, { hello: 'world' }), 'is no Keystone v3'],
    [response(300, { versions: {} }), 'is no Keystone v3'],
    [response(503, 'busy'), 'answers 503'],
    [response(403, { error: { message: 'no' } }), 'forbids'],
    [response(401, {}, { 'openstack-auth-receipt': 'r' }), 'second factor'],
    [{ kind: 'uncertain', why: 'POST http://cloud.test: reset' } as const, 'cannot be reached'],
  ])('says what is the matter', async (answer, words) => {
    const http = scriptedHttp(() => answer);
    const keystone = createKeystone({ cloud: ADMIN, http, clock: handClock() });
    const message = sentence(await keystone.token());
    expect(message).toContain(words);
    expect(message).not.toContain('secret');
  });

  it('after a 401 for a token leads to one new sign-in', async () => {
    const clock = handClock();
    const http = scriptedHttp(issuing(clock, 60 * MINUTE));
    const keystone = createKeystone({ cloud: ADMIN, http, clock });
    await keystone.token();
    expect(await keystone.renew('t1', 'compute')).toMatchObject({ token: { id: 't2' } });
    expect(await keystone.renew('t1', 'compute')).toMatchObject({ token: { id: 't2' } });
    expect(http.sent).toHaveLength(2);
  });
});
