/**
 * Tries expectations on a cloud.
 */
import { waitFor } from '../harness/wait.ts';
import type { Answer, Expectation, HostName, Request, ServiceName, Step } from './expectation.ts';
import { memberAt, mismatch } from './match.ts';
import type { Target } from './target.ts';

/** What the placeholders of an expectation stand for so far. */
type Names = Map<string, string>;

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const HOSTS: readonly HostName[] = ['a', 'b', 'c', 'd'];

/** Tries one expectation after the other on one target. */
export interface Runner {
  /** Resolves if the cloud does as expected, else rejects with the step and the difference. */
  check(expectation: Expectation): Promise<void>;
}

/** Makes a runner; it resets the target where an expectation or a failed one demands it. */
export function createRunner(target: Target): Runner {
  let clean = false;
  let session: Session | null = null;

  return {
    async check(expectation) {
      if (expectation.fresh || !clean) {
        await target.reset();
        session = null;
      }
      clean = false;
      session ??= await openSession(target);
      const names = await beginning(target, session);
      try {
        for (const [index, step] of expectation.steps.entries()) {
          try {
            await perform(target, session, names, step);
          } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            throw new Error(`step ${index + 1} (${describe(fill(step, names))}): ${reason}`);
          }
        }
      } finally {
        if (expectation.steps.some(makesThings)) await target.forget();
      }
      clean = !expectation.fresh;
    },
  };
}

/** Whether aggregates or images come of it. */
const makesThings = (step: Step): boolean =>
  'aggregate' in step ||
  'image' in step ||
  ('ask' in step && memberAt(step.ask.body, 'createImage') !== undefined);

interface Session {
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly token: string;
}

async function openSession(target: Target): Promise<Session> {
  const domain = { name: 'Default' };
  const user = { name: target.username, domain, password: target.password };
  const response = await fetch(`${target.authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { name: target.project, domain } },
      },
    }),
  });
  const token = response.headers.get('X-Subject-Token');
  const body: unknown = await response.json();
  const catalog = memberAt(body, 'token.catalog');
  if (token === null || !Array.isArray(catalog)) throw new Error('Keystone gives no token');
  const urlOf = (type: ServiceName): string => {
    const service: unknown = catalog.find((entry) => memberAt(entry, 'type') === type);
    const endpoints = memberAt(service, 'endpoints');
    const open: unknown = Array.isArray(endpoints)
      ? endpoints.find((entry) => memberAt(entry, 'interface') === 'public')
      : undefined;
    const url = memberAt(open, 'url');
    if (typeof url !== 'string') throw new Error(`the catalog has no public ${type} endpoint`);
    return url.replace(/\/$/, '');
  };
  const urls = {
    identity: target.authUrl,
    compute: urlOf('compute'),
    image: urlOf('image'),
    placement: urlOf('placement'),
  };
  return { urls, token };
}

async function beginning(target: Target, session: Session): Promise<Names> {
  const { username, password, project } = target;
  const names: Names = new Map(Object.entries({ username, password, project }));
  const path = '/os-services?binary=nova-compute';
  const { body } = await send(session, { path });
  const services = memberAt(body, 'services');
  for (const [index, name] of HOSTS.entries()) {
    const host = target.hosts[index];
    const service: unknown = Array.isArray(services)
      ? services.find((entry) => memberAt(entry, 'host') === host)
      : undefined;
    const id = memberAt(service, 'id');
    if (host === undefined || typeof id !== 'string') {
      throw new Error('the cloud needs four compute hosts');
    }
    names.set(name, host).set(`service.${name}`, id);
  }
  return names;
}

async function perform(target: Target, session: Session, names: Names, step: Step): Promise<void> {
  const host = (name: HostName): string => names.get(name) ?? '';
  if ('boot' in step) {
    names.set(step.boot, await target.boot(host(step.on), step.state ?? 'active'));
  } else if ('powerOff' in step) {
    await target.powerOff(host(step.powerOff));
  } else if ('killCompute' in step) {
    await target.killCompute(host(step.killCompute));
  } else if ('startCompute' in step) {
    await target.startCompute(host(step.startCompute));
  } else if ('spawning' in step) {
    for (const name of step.on) await target.spawning(host(name), step.spawning);
  } else if ('conductor' in step) {
    await target.conductor(step.conductor === 'running');
  } else if ('aggregate' in step) {
    const { aggregate: name, hosts, ...choices } = step;
    names.set(name, await target.aggregate(name, hosts.map(host), choices));
  } else if ('image' in step) {
    const { image: name, ...choices } = step;
    names.set(name, await target.image(name, fill(choices, names)));
  } else if ('guest' in step) {
    const wanted = fill([...step.runsOn].sort(), names);
    const looked = async (): Promise<string | null> => {
      const found = await target.runningOn(fill(step.guest, names));
      return mismatch([...found].sort(), wanted, 'the guest runs on');
    };
    await until(looked, step.withinMs);
  } else {
    await ask(session, names, step);
  }
}

async function ask(
  session: Session,
  names: Names,
  step: Extract<Step, { readonly ask: Request }>,
): Promise<void> {
  const request = fill(step.ask, names);
  const answer = fill(step.answer, names);
  let reply: Reply | null = null;
  await until(async () => {
    reply = await send(session, request);
    return unlike(reply, answer);
  }, step.withinMs);
  for (const [name, path] of Object.entries(step.keep ?? {})) {
    const value = memberAt((reply as Reply | null)?.body, path);
    if (typeof value !== 'string') throw new Error(`the answer has no string at ${path}`);
    names.set(name, value);
  }
}

/** Looks once, or until it is right where there is time. */
async function until(
  look: () => Promise<string | null>,
  withinMs: number | undefined,
): Promise<void> {
  const difference = await look();
  if (difference === null) return;
  if (withinMs === undefined) throw new Error(difference);
  const again = async (): Promise<boolean> => {
    const left = await look();
    if (left !== null) throw new Error(left);
    return true;
  };
  await waitFor(again, { what: 'the expected', timeoutMs: withinMs, everyMs: 100 });
}

function unlike(reply: Reply, answer: Answer): string | null {
  const { status, body, headers = {} } = answer;
  if (reply.status !== status) {
    return `status is ${reply.status}, expected ${status}; body ${JSON.stringify(reply.body)}`;
  }
  for (const [name, expected] of Object.entries(headers)) {
    const difference = mismatch(reply.headers.get(name) ?? undefined, expected, name);
    if (difference !== null) return difference;
  }
  return body === undefined ? null : mismatch(reply.body, body);
}

async function send(session: Session, request: Request): Promise<Reply> {
  const { service = 'compute', method = 'GET', path, body, microversion = '2.93' } = request;
  const token = request.token === undefined ? session.token : request.token;
  const base = session.urls[service];
  const url = path.startsWith('root:')
    ? base.replace(/\/v\d[\d.]*$/, '') + path.slice('root:'.length)
    : base + path;
  const response = await fetch(url, {
    method,
    headers: {
      Accept: 'application/json',
      Connection: 'close',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === null ? {} : { 'X-Auth-Token': token }),
      ...(microversion === null || service !== 'compute'
        ? {}
        : { 'OpenStack-API-Version': `compute ${microversion}` }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(90_000),
  });
  return { status: response.status, headers: response.headers, body: parse(await response.text()) };
}

/** Puts names in for the placeholders, in every string of a piece of data, and in names of members. */
function fill<T>(data: T, names: Names): T {
  const text = (value: string): string =>
    value.replace(/\{([a-z][\w.]*)\}/gi, (whole, name: string) => names.get(name) ?? whole);
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [text(key), walk(member)]),
    );
  };
  return walk(data) as T;
}

function describe(step: Step): string {
  return 'ask' in step ? `${step.ask.method ?? 'GET'} ${step.ask.path}` : JSON.stringify(step);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
