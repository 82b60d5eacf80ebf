/**
 * What operators of a cloud arrange: flavors, images and aggregates, made by plain requests.
 */
import * as v from 'valibot';
import type { Nova } from './nova.ts';
import { waitFor } from './wait.ts';

/** An aggregate as Nova shows it. */
export type NovaAggregate = v.InferOutput<typeof aggregates>['aggregates'][number];

/** What an image is made with, besides its name. */
export interface ImageChoices {
  readonly tags?: readonly string[];
  /** Properties and Glance's own fields, such as `visibility`. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The arrangements of one scenario. Everything rejects with the service's own words. */
export interface Region {
  /** A flavor of one CPU and one GiB of disk; its id. */
  flavor(name: string, specs: Readonly<Record<string, string>>, ramMib?: number): Promise<string>;
  /** An active image of 1 KiB, public unless the fields say something else; its id. */
  image(name: string, choices?: ImageChoices): Promise<string>;
  /** The id of an active image with that name, once there is one. */
  imageNamed(name: string): Promise<string>;
  aggregate(
    name: string,
    hosts: readonly string[],
    options?: { readonly zone?: string; readonly metadata?: Readonly<Record<string, string>> },
  ): Promise<number>;
  aggregates(): Promise<readonly NovaAggregate[]>;
  /** Removes every flavor, image and aggregate that the cloud was not made with. */
  clear(): Promise<void>;
}

const flavors = v.object({ flavors: v.array(v.object({ id: v.string(), name: v.string() })) });
const flavor = v.object({ flavor: v.object({ id: v.string() }) });
const image = v.object({ id: v.string(), name: v.string(), status: v.string() });
const images = v.object({ images: v.array(image) });
const aggregates = v.object({
  aggregates: v.array(v.object({ id: v.number(), name: v.string(), hosts: v.array(v.string()) })),
});
const aggregate = v.object({ aggregate: v.object({ id: v.number() }) });
const catalog = v.object({
  catalog: v.array(
    v.object({
      type: v.string(),
      endpoints: v.array(v.object({ interface: v.string(), url: v.string() })),
    }),
  ),
});

/** The cloud's own flavor and image. */
const OWN = 'tiny';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Arranges things in the cloud of this Nova; what an earlier scenario has left is removed first. */
export async function arrange(nova: Nova): Promise<Region> {
  const compute = async <S extends v.GenericSchema>(
    method: Method,
    path: string,
    schema: S,
    body?: unknown,
  ): Promise<v.InferOutput<S>> => {
    const reply = await nova.call({ method, path, ...(body === undefined ? {} : { body }) });
    if (reply.status >= 300) {
      throw new Error(`${method} ${path}: ${String(reply.status)} ${JSON.stringify(reply.body)}`);
    }
    return v.parse(schema, reply.body);
  };
  const send = async (
    method: Method,
    url: string,
    type: string,
    body?: string,
  ): Promise<unknown> => {
    const headers = { 'X-Auth-Token': await nova.token(), 'Content-Type': type };
    const response = await fetch(url, {
      method,
      headers: { ...headers, Connection: 'close' },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: ${String(response.status)} ${text}`);
    return text === '' ? null : (JSON.parse(text) as unknown);
  };
  const json = 'application/json';
  const glance = `${imageEndpoint(await send('GET', `${nova.access.authUrl}/auth/catalog`, json))}/v2/images`;
  const listImages = async (query: string): Promise<v.InferOutput<typeof images>['images']> =>
    v.parse(images, await send('GET', `${glance}?visibility=all&limit=1000&${query}`, json)).images;
  const listAggregates = async (): Promise<readonly NovaAggregate[]> =>
    (await compute('GET', '/os-aggregates', aggregates)).aggregates;
  const addHost = (id: number, host: string): Promise<unknown> =>
    compute('POST', `/os-aggregates/${String(id)}/action`, v.unknown(), { add_host: { host } });

  async function clear(): Promise<void> {
    for (const { id, hosts } of await listAggregates()) {
      const path = `/os-aggregates/${String(id)}`;
      for (const host of hosts) {
        await compute('POST', `${path}/action`, v.unknown(), { remove_host: { host } });
      }
      await compute('DELETE', path, v.unknown());
    }
    for (const { id, name } of (await compute('GET', '/flavors?is_public=None', flavors)).flavors) {
      if (name !== OWN) await compute('DELETE', `/flavors/${id}`, v.unknown());
    }
    const shown = [...(await listImages('')), ...(await listImages('os_hidden=true'))];
    for (const { id, name } of shown) {
      if (name !== OWN) await send('DELETE', `${glance}/${id}`, json);
    }
  }

  await clear();
  return {
    clear,
    async flavor(name, specs, ramMib = 64) {
      const size = { name, vcpus: 1, ram: ramMib, disk: 1 };
      const { id } = (await compute('POST', '/flavors', flavor, { flavor: size })).flavor;
      const body = { extra_specs: specs };
      await compute('POST', `/flavors/${id}/os-extra_specs`, v.unknown(), body);
      return id;
    },
    async image(name, { tags = [], fields = {} } = {}) {
      const form = { disk_format: 'raw', container_format: 'bare', visibility: 'public' };
      const asked = JSON.stringify({ name, tags, ...form, ...fields });
      const { id } = v.parse(image, await send('POST', glance, json, asked));
      await send('PUT', `${glance}/${id}/file`, 'application/octet-stream', '\0'.repeat(1024));
      return id;
    },
    imageNamed: (name) =>
      waitFor(async () => (await listImages(`name=${name}&status=active`))[0]?.id, {
        what: `the image ${name}`,
      }),
    async aggregate(name, hosts, { zone, metadata } = {}) {
      const asked = { name, ...(zone === undefined ? {} : { availability_zone: zone }) };
      const made = await compute('POST', '/os-aggregates', aggregate, { aggregate: asked });
      const { id } = made.aggregate;
      if (metadata !== undefined) {
        const body = { set_metadata: { metadata } };
        await compute('POST', `/os-aggregates/${String(id)}/action`, v.unknown(), body);
      }
      for (const host of hosts) await addHost(id, host);
      return id;
    },
    aggregates: listAggregates,
  };
}

function imageEndpoint(shown: unknown): string {
  const service = v.parse(catalog, shown).catalog.find(({ type }) => type === 'image');
  const url = service?.endpoints.find((one) => one.interface === 'public')?.url;
  if (url === undefined) throw new Error('the catalog has no public image endpoint');
  return url.replace(/\/$/, '');
}
