import { createVirtualClock } from '../../src/simulator/clock.ts';
import type { VirtualClock } from '../../src/simulator/clock.ts';
import { createCloud } from '../../src/simulator/cloud.ts';
import type { Cloud, CloudOptions } from '../../src/simulator/cloud.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { asRecord } from '../../src/simulator/request.ts';
import type { ApiResponse, Query, ServiceName } from '../../src/simulator/request.ts';

/** Start of every virtual history: a Friday noon in UTC. */
export const START_MS = Date.UTC(2026, 10, 20, 12);

/** What a request may say besides method and path. */
export interface CallOptions {
  readonly service?: ServiceName;
  readonly body?: unknown;
  readonly query?: Query;
  /** Null sends no microversion. */
  readonly microversion?: string | null;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A simulated cloud on a virtual clock with a signed-in administrator. */
export interface Lab {
  readonly clock: VirtualClock;
  readonly cloud: Cloud;
  call(method: string, path: string, options?: CallOptions): ApiResponse;
  signIn(user: string, project: string, password?: string): string;
  /** Lets time pass. */
  pass(durationMs: number): void;
  /** The single server of this id as the API shows it. */
  server(id: string, microversion?: string): Record<string, unknown>;
  /** Evacuation records, newest first. */
  migrations(query: Query): Record<string, unknown>[];
  service(host: string): Record<string, unknown>;
  /** Changes the compute service of a host. */
  updateService(host: string, body: Record<string, unknown>): ApiResponse;
  evacuate(id: string, body?: Record<string, unknown>, microversion?: string): ApiResponse;
  /** Cuts the power and forces the service down: the state before an evacuation. */
  fence(host: string): void;
}

/** The objects under one key of an answer. */
export function listOf(answer: ApiResponse, key: string): Record<string, unknown>[] {
  const list = asRecord(answer.body)?.[key];
  return Array.isArray(list) ? list.map((item) => asRecord(item) ?? {}) : [];
}

/** Message of a Nova error. */
export function messageOf(answer: ApiResponse): unknown {
  const [envelope] = Object.values(asRecord(answer.body) ?? {});
  return asRecord(envelope)?.['message'];
}

/** Body of a password sign-in. */
export function passwordAuth(user: string, password: string, scope: unknown): unknown {
  const identity = {
    methods: ['password'],
    password: { user: { name: user, domain: { id: 'default' }, password } },
  };
  return { auth: scope === undefined ? { identity } : { identity, scope } };
}

/** Makes a lab; `seed` decides every id and phase. */
export function createLab(options: Partial<CloudOptions> & { seed?: number } = {}): Lab {
  const clock = createVirtualClock(START_MS);
  const random = createRandom(options.seed ?? 1);
  const cloud = createCloud({ hosts: 3, ...options, clock, random });

  const signIn = (user: string, project: string, password = 'secret'): string => {
    const scope = { project: { name: project, domain: { id: 'default' } } };
    const answer = cloud.handle({
      service: 'identity',
      method: 'POST',
      path: '/v3/auth/tokens',
      query: {},
      headers: {},
      body: passwordAuth(user, password, scope),
    });
    return answer.headers['x-subject-token'] ?? '';
  };
  const adminToken = options.identity?.users === undefined ? signIn('admin', 'admin') : '';

  const call = (method: string, path: string, given: CallOptions = {}): ApiResponse => {
    const { microversion = '2.93', token = adminToken, service = 'compute' } = given;
    const headers: Record<string, string> = { ...given.headers };
    if (microversion !== null) headers['openstack-api-version'] = `compute ${microversion}`;
    if (token !== null) headers['x-auth-token'] = token;
    const { body, query = {} } = given;
    return cloud.handle({ service, method, path, query, headers, body });
  };
  const updateService = (host: string, body: Record<string, unknown>): ApiResponse =>
    call('PUT', `/v2.1/os-services/${cloud.host(host).serviceUuid}`, { body });

  return {
    clock,
    cloud,
    call,
    signIn,
    pass: (durationMs) => {
      clock.advanceTo(clock.now() + durationMs);
    },
    server: (id, microversion = '2.93') =>
      asRecord(asRecord(call('GET', `/v2.1/servers/${id}`, { microversion }).body)?.['server']) ??
      {},
    migrations: (query) => listOf(call('GET', '/v2.1/os-migrations', { query }), 'migrations'),
    service: (host) =>
      listOf(call('GET', '/v2.1/os-services', { query: { host } }), 'services')[0] ?? {},
    updateService,
    evacuate: (id, body = {}, microversion = '2.93') =>
      call('POST', `/v2.1/servers/${id}/action`, { body: { evacuate: body }, microversion }),
    fence: (host) => {
      cloud.powerOff(host);
      updateService(host, { forced_down: true, status: 'disabled', disabled_reason: 'test' });
    },
  };
}
