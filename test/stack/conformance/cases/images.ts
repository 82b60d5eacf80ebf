/**
 * Glance: the images that select instances, and the snapshots that Nova makes of them.
 */
import { action, get, SOON_MS, type Expectation, type Request, type Step } from '../expectation.ts';

const IMAGE: Partial<Request> = { service: 'image' };
const list = (query: string, body: unknown): Step =>
  get(`/v2/images?visibility=all&limit=1000&${query}`, 200, body, IMAGE);
const found = (...names: readonly string[]): unknown => ({
  images: names.map((name) => ({ name })),
});

/** What Glance answers. */
export const IMAGES: readonly Expectation[] = [
  {
    name: 'images are found by many ids at once, hidden ones apart from the others',
    why: 'the images of a whole host are one or two requests',
    fresh: false,
    steps: [
      { image: 'plain', fields: { os_distro: 'debian' }, tags: ['evacuable'] },
      { image: 'own', fields: { visibility: 'private' } },
      { image: 'hidden', fields: { os_hidden: true } },
      list('os_hidden=false&id=in:{plain}', {
        images: [{ id: '{plain}', tags: ['evacuable'], os_distro: 'debian', os_hidden: false }],
        next: { $absent: true },
      }),
      list('os_hidden=false&id=in:{plain},{own},{hidden}', { images: { $length: 2 } }),
      list('os_hidden=true&id=in:{plain},{own},{hidden}', found('hidden')),
      list('id=in:{hidden}', found()),
    ],
  },
  {
    name: 'a tag and a property are compared as a whole, in any case of letters',
    why: 'so it is on MariaDB, and not on PostgreSQL: what is found has to be looked at',
    fresh: false,
    steps: [
      { image: 'upper', fields: { protecting: 'True' } },
      { image: 'tagged', tags: ['protect', 'gold'] },
      list('protecting=True', found('upper')),
      list('protecting=true', found('upper')),
      list('Protecting=TRUE', found('upper')),
      list('protecting=tru', found()),
      list('tag=protect', found('tagged')),
      list('tag=Protect', found('tagged')),
      list('tag=protec', found()),
      list('tag=protect&tag=gold', found('tagged')),
      list('tag=protect&tag=silver', found()),
    ],
  },
  {
    name: 'images come in pages, and a marker goes on after one',
    why: "Glance's own page has 25 rows: who reads one page misses the others",
    fresh: false,
    steps: [
      { image: 'one', tags: ['paged'] },
      { image: 'two', tags: ['paged'] },
      {
        ask: { ...IMAGE, path: '/v2/images?visibility=all&tag=paged&limit=1' },
        answer: { status: 200, body: { images: { $length: 1 }, next: { $match: 'marker=' } } },
        keep: { first: 'images.0.id', name: 'images.0.name' },
      },
      get(
        '/v2/images?visibility=all&tag=paged&limit=1&marker={first}',
        200,
        { images: [{ name: { $not: '{name}' } }] },
        IMAGE,
      ),
      list('tag=paged', { images: { $length: 2 }, next: { $absent: true } }),
    ],
  },
  {
    name: 'images are found by when they were made, and only active ones are',
    why: 'the snapshots of a region that may still count are one question',
    fresh: false,
    steps: [
      { image: 'fresh', tags: ['dated'] },
      list('tag=dated&status=active&created_at=gte:2020-01-01T00:00:00Z', {
        images: [{ name: 'fresh', created_at: { $match: '^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z$' } }],
      }),
      list('tag=dated&created_at=gte:2999-01-01T00:00:00Z', found()),
      list('tag=dated&status=queued', found()),
    ],
  },
  {
    name: 'a snapshot names its instance and belongs to its project',
    why: 'by that it is told from images that anybody gave such properties',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'a' },
      {
        ask: { path: '/servers/{vm}' },
        answer: { status: 200 },
        keep: { tenant: 'server.tenant_id', base: 'server.image.id' },
      },
      {
        ask: {
          method: 'POST',
          path: '/servers/{vm}/action',
          body: { createImage: { name: 'nightly' } },
        },
        answer: { status: 202, body: { image_id: { $type: 'string' } } },
        keep: { snapshot: 'image_id' },
      },
      {
        ask: { ...IMAGE, path: '/v2/images/{snapshot}' },
        answer: {
          status: 200,
          body: {
            name: 'nightly',
            status: 'active',
            owner: '{tenant}',
            visibility: 'private',
            instance_uuid: '{vm}',
            image_type: 'snapshot',
            base_image_ref: '{base}',
            min_disk: 1,
            tags: [],
          },
        },
        withinMs: SOON_MS,
      },
      list('created_at=gte:2020-01-01T00:00:00Z&status=active&name=nightly', {
        images: [{ id: '{snapshot}', image_type: 'snapshot' }],
      }),
    ],
  },
  {
    name: 'no snapshot is made of an instance with a task, or in error',
    why: 'an instance that was never well has none from which it could be recreated',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'a', state: 'error' },
      action('{vm}', { createImage: { name: 'nightly' } }, 409, {
        conflictingRequest: { message: { $match: 'while it is in vm_state error$' } },
      }),
    ],
  },
  {
    name: 'without a token nothing is shown',
    why: 'an empty list would leave everybody untagged',
    fresh: false,
    steps: [get('/v2/images', 401, undefined, { ...IMAGE, token: null })],
  },
];
