/**
 * A project of the cloud with instances in all the states that users bring them into.
 */
import * as v from 'valibot';
import type { Cloud } from './cloud.ts';
import { createNova, type Nova } from './nova.ts';
import { waitFor } from './wait.ts';

/** What to boot, and where. */
export interface Booting {
  readonly count: number;
  readonly host: string;
  readonly name: string;
  /** The server group that they belong to. */
  readonly group?: string;
  /** Ids; the flavor and the image of the cloud itself if left out. */
  readonly flavor?: string;
  readonly image?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Users of one project. Everything rejects with Nova's own words. */
export interface Tenant {
  /** Nova as this project's users see it; they are administrators, too. */
  readonly nova: Nova;
  boot(booting: Booting): Promise<readonly string[]>;
  /** Asks for an instance on a host that must not take any; why it ended in ERROR. It is gone afterwards. */
  refused(host: string): Promise<string>;
  /** A server group; `rules` as `{ max_server_per_host: 2 }`. */
  group(policy: string, rules?: Readonly<Record<string, number>>): Promise<string>;
  /** POST action, for instance `{ 'os-stop': null }`. */
  act(id: string, action: Readonly<Record<string, unknown>>): Promise<void>;
  /** Acts on each and waits until each is in that vm_state, with no task under way. */
  bring(
    ids: readonly string[],
    action: Readonly<Record<string, unknown>>,
    vmState: string,
  ): Promise<void>;
  delete(id: string): Promise<void>;
}

const named = v.object({ id: v.string(), name: v.string() });
const images = v.object({ images: v.array(named) });
const projects = v.object({ projects: v.array(named) });
const project = v.object({ project: named });
const roles = v.object({ roles: v.array(named) });
const groups = v.object({ server_groups: v.array(named) });
const group = v.object({ server_group: named });
const booted = v.object({ reservation_id: v.string() });
const created = v.object({ server: v.object({ id: v.string() }) });
const reserved = v.object({ servers: v.array(v.object({ id: v.string(), name: v.string() })) });

/** The users of a project, which is made if need be; server groups of earlier users are removed. */
export async function createTenant(cloud: Cloud, projectName = 'admin'): Promise<Tenant> {
  if (projectName !== cloud.nova.access.project) await ensureProject(cloud.nova, projectName);
  const nova = createNova({ ...cloud.nova.access, project: projectName });
  const send = async <S extends v.GenericSchema>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    schema: S,
    body?: unknown,
    microversion = '2.93',
  ): Promise<v.InferOutput<S>> => {
    const reply = await nova.call({
      method,
      path,
      microversion,
      ...(body === undefined ? {} : { body }),
    });
    if (reply.status >= 300) {
      throw new Error(`${method} ${path}: ${String(reply.status)} ${JSON.stringify(reply.body)}`);
    }
    return v.parse(schema, reply.body);
  };
  for (const { id } of (await send('GET', '/os-server-groups', groups)).server_groups) {
    await send('DELETE', `/os-server-groups/${id}`, v.unknown());
  }
  // Nova's own view of the images, which newer microversions no longer have.
  const found = await send('GET', '/images?name=tiny', images, undefined, '2.1');
  const imageRef = found.images[0]?.id;

  const act: Tenant['act'] = async (id, action) => {
    await send('POST', `/servers/${id}/action`, v.unknown(), action);
  };
  const inState = async (id: string, vmState: string): Promise<boolean> => {
    const server = await nova.server(id);
    if (server['OS-EXT-STS:vm_state'] === 'error' && vmState !== 'error') {
      throw new Error(`${id}: ${server.fault?.message ?? 'ERROR'}`);
    }
    return server['OS-EXT-STS:vm_state'] === vmState && server['OS-EXT-STS:task_state'] === null;
  };
  const allIn = async (ids: readonly string[], vmState: string): Promise<void> => {
    for (const id of ids) {
      await waitFor(() => inState(id, vmState), { what: `${id} ${vmState}`, timeoutMs: 180_000 });
    }
  };

  const removed = async (id: string): Promise<void> => {
    await send('DELETE', `/servers/${id}`, v.unknown());
    await waitFor(async () => (await nova.call({ path: `/servers/${id}` })).status === 404, {
      what: `${id} deleted`,
    });
  };

  return {
    nova,
    act,
    async boot({ count, host, name, group: hint, flavor = '1', image = imageRef, metadata = {} }) {
      const what = { imageRef: image, flavorRef: flavor, metadata };
      const server = { name, ...what, networks: 'none', host };
      const many = { min_count: count, max_count: count, return_reservation_id: true };
      const { reservation_id: reservation } = await send('POST', '/servers', booted, {
        server: { ...server, ...many },
        ...(hint === undefined ? {} : { 'os:scheduler_hints': { group: hint } }),
      });
      const query = `/servers?reservation_id=${reservation}`;
      const { servers } = await send('GET', query, reserved);
      const ids = servers.map(({ id }) => id);
      await allIn(ids, 'active');
      return ids;
    },
    async refused(host) {
      const body = {
        server: { name: 'unwanted', imageRef, flavorRef: '1', networks: 'none', host },
      };
      const { id } = (await send('POST', '/servers', created, body)).server;
      const seen = await waitFor(
        async () => {
          const server = await nova.server(id);
          return server['OS-EXT-STS:vm_state'] === 'building' ? null : server;
        },
        { what: `the end of the boot on ${host}` },
      );
      await removed(id);
      return seen.fault?.message ?? `it is ${seen.status}`;
    },
    async group(policy, rules) {
      const server_group = { name: policy, policy, ...(rules === undefined ? {} : { rules }) };
      return (await send('POST', '/os-server-groups', group, { server_group })).server_group.id;
    },
    async bring(ids, action, vmState) {
      for (const id of ids) await act(id, action);
      await allIn(ids, vmState);
    },
    delete: removed,
  };
}

/** A project in which the administrator may do everything. */
async function ensureProject(admin: Nova, name: string): Promise<void> {
  const { authUrl, username } = admin.access;
  const token = await admin.token();
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${authUrl}${path}`, {
      method,
      headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json', Connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${text}`);
    return text === '' ? null : (JSON.parse(text) as unknown);
  };
  const known = v.parse(projects, await call('GET', `/projects?name=${name}`)).projects[0];
  const created =
    known ?? v.parse(project, await call('POST', '/projects', { project: { name } })).project;
  const [role] = v.parse(roles, await call('GET', '/roles?name=admin')).roles;
  const users = v.object({ users: v.array(named) });
  const [user] = v.parse(users, await call('GET', `/users?name=${username}`)).users;
  await call('PUT', `/projects/${created.id}/users/${user?.id ?? ''}/roles/${role?.id ?? ''}`);
}
