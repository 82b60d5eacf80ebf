/**
 * Nova by plain fetch: the scenarios' own eyes and hands, independent of the adapters
 * under test.
 */
import * as v from 'valibot';

/** One call; the path follows the endpoint, as in `/os-services`. */
export interface NovaCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** As in `2.93`; null sends no microversion header at all. */
  readonly microversion?: string | null;
  /** Instead of a fresh token of the admin; null sends none. */
  readonly token?: string | null;
}

/** An answer, with the body as JSON where it is JSON, else as text. */
export interface NovaReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const services = v.object({
  services: v.array(
    v.object({
      id: v.string(),
      host: v.string(),
      binary: v.string(),
      status: v.string(),
      state: v.string(),
      forced_down: v.boolean(),
      disabled_reason: v.nullable(v.string()),
      updated_at: v.nullable(v.string()),
    }),
  ),
});

const server = v.object({
  id: v.string(),
  name: v.string(),
  status: v.string(),
  'OS-EXT-SRV-ATTR:host': v.nullable(v.string()),
  'OS-EXT-STS:vm_state': v.string(),
  'OS-EXT-STS:task_state': v.nullable(v.string()),
  'OS-EXT-STS:power_state': v.number(),
  locked: v.boolean(),
  locked_reason: v.nullable(v.string()),
  fault: v.optional(v.object({ message: v.string() })),
});

const migrations = v.object({
  migrations: v.array(
    v.object({
      id: v.number(),
      uuid: v.string(),
      instance_uuid: v.string(),
      status: v.string(),
      source_compute: v.nullable(v.string()),
      dest_compute: v.nullable(v.string()),
      created_at: v.string(),
      updated_at: v.nullable(v.string()),
    }),
  ),
});

/** A compute service as `GET /os-services` shows it. */
export type NovaService = v.InferOutput<typeof services>['services'][number];
/** A server as `GET /servers/detail` shows it, as far as the scenarios look at it. */
export type NovaServer = v.InferOutput<typeof server>;
/** A migration as `GET /os-migrations` shows it. */
export type NovaMigration = v.InferOutput<typeof migrations>['migrations'][number];

/** Where the cloud is and who signs in. */
export interface NovaAccess {
  readonly authUrl: string;
  readonly novaUrl: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
}

/** The calls that the scenarios need; all reject on an unexpected answer but `call`. */
export interface Nova {
  readonly access: NovaAccess;
  token(): Promise<string>;
  call(call: NovaCall): Promise<NovaReply>;
  service(host: string): Promise<NovaService>;
  setService(host: string, change: Readonly<Record<string, unknown>>): Promise<NovaReply>;
  server(id: string): Promise<NovaServer>;
  servers(host: string): Promise<readonly NovaServer[]>;
  migrations(sourceHost: string): Promise<readonly NovaMigration[]>;
  evacuate(id: string): Promise<NovaReply>;
}

/** A token of the project, by name and password in the domain Default. */
export async function signIn(access: NovaAccess): Promise<string> {
  const domain = { name: 'Default' };
  const user = { name: access.username, domain, password: access.password };
  const auth = {
    identity: { methods: ['password'], password: { user } },
    scope: { project: { name: access.project, domain } },
  };
  const response = await fetch(`${access.authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close' },
    body: JSON.stringify({ auth }),
    signal: AbortSignal.timeout(30_000),
  });
  const token = response.headers.get('X-Subject-Token');
  if (token === null) {
    throw new Error(`Keystone answers ${response.status}: ${await response.text()}`);
  }
  await response.body?.cancel();
  return token;
}

/** The scenarios' client of Nova. Tokens are kept until one is refused. */
export function createNova(access: NovaAccess): Nova {
  let known: Promise<string> | null = null;
  const token = (): Promise<string> => (known ??= signIn(access));

  async function send(call: NovaCall): Promise<NovaReply> {
    const { method = 'GET', path, body, microversion = '2.93' } = call;
    const bearer = call.token === undefined ? await token() : call.token;
    const response = await fetch(access.novaUrl + path, {
      method,
      headers: {
        Accept: 'application/json',
        Connection: 'close', // services restart: a kept connection would be a dead one
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(bearer === null ? {} : { 'X-Auth-Token': bearer }),
        ...(microversion === null ? {} : { 'OpenStack-API-Version': `compute ${microversion}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(120_000),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: parse(await response.text()),
    };
  }

  async function call(request: NovaCall): Promise<NovaReply> {
    const reply = await send(request);
    if (reply.status !== 401 || request.token !== undefined) return reply;
    known = null; // the keys may be new: after a wipe
    return send(request);
  }

  async function get<S extends v.GenericSchema>(
    path: string,
    schema: S,
  ): Promise<v.InferOutput<S>> {
    const reply = await call({ path });
    if (reply.status !== 200) {
      throw new Error(`GET ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    }
    return v.parse(schema, reply.body);
  }

  async function service(host: string): Promise<NovaService> {
    const { services: found } = await get(
      `/os-services?binary=nova-compute&host=${host}`,
      services,
    );
    const [first] = found;
    if (first === undefined) throw new Error(`Nova knows no compute service on ${host}`);
    return first;
  }

  return {
    access,
    token,
    call,
    service,
    async setService(host, change) {
      const { id } = await service(host);
      return call({ method: 'PUT', path: `/os-services/${id}`, body: change });
    },
    server: async (id) => (await get(`/servers/${id}`, v.object({ server }))).server,
    servers: async (host) =>
      (
        await get(
          `/servers/detail?all_tenants=1&host=${host}`,
          v.object({ servers: v.array(server) }),
        )
      ).servers,
    migrations: async (host) =>
      (await get(`/os-migrations?migration_type=evacuation&source_compute=${host}`, migrations))
        .migrations,
    evacuate: (id) =>
      call({ method: 'POST', path: `/servers/${id}/action`, body: { evacuate: {} } }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
