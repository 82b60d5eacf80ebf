/**
 * Aggregates: who is in them, and how a reserved host joins and leaves one.
 */
import { fault, get, type Answer, type Expectation, type Step } from '../expectation.ts';

const OF_A = '/os-services?binary=nova-compute&host={a}';

const act = (
  aggregate: string,
  verb: 'add_host' | 'remove_host',
  host: string,
  answer: Answer,
): Step => ({
  ask: {
    method: 'POST',
    path: `/os-aggregates/${aggregate}/action`,
    microversion: '2.41',
    body: { [verb]: { host } },
  },
  answer,
});
/** In no order that anybody could rely on. */
const listed = (aggregate: unknown): Step =>
  get('/os-aggregates', 200, { aggregates: { $some: aggregate } }, { microversion: '2.41' });
const hosts = (...names: readonly string[]): Answer => ({
  status: 200,
  body: { aggregate: { hosts: names } },
});
const conflict = (message: unknown): Answer => ({
  status: 409,
  body: fault('conflictingRequest', 409, message),
});
const missing = (message: unknown): Answer => ({
  status: 404,
  body: fault('itemNotFound', 404, message),
});

/** What `os-aggregates` answers. */
export const AGGREGATES: readonly Expectation[] = [
  {
    name: 'the list has every aggregate with its hosts and metadata, the zone among it',
    why: 'selection, thresholds and reserved hosts are decided by it; an aggregate makes the zone',
    fresh: true,
    steps: [
      { aggregate: 'rack', hosts: ['a', 'b'], metadata: { rack: 'r1' } },
      { aggregate: 'east', hosts: ['a'], zone: 'east' },
      listed({
        id: { $type: 'number' },
        uuid: { $type: 'string' },
        name: 'rack',
        availability_zone: null,
        hosts: ['{a}', '{b}'],
        metadata: { rack: 'r1', availability_zone: { $absent: true } },
      }),
      listed({
        name: 'east',
        availability_zone: 'east',
        hosts: ['{a}'],
        metadata: { availability_zone: 'east' },
      }),
      get(
        '/os-aggregates/{rack}',
        200,
        { aggregate: { name: 'rack', uuid: { $absent: true } } },
        { microversion: '2.40' },
      ),
      get(OF_A, 200, { services: [{ zone: 'east' }] }),
    ],
  },
  {
    name: 'a host joins an aggregate and leaves it, each once',
    why: 'a request that is repeated is refused, which says that it had been carried out',
    fresh: false,
    steps: [
      { aggregate: 'rack', hosts: ['a'] },
      act('{rack}', 'add_host', '{b}', hosts('{a}', '{b}')),
      act('{rack}', 'add_host', '{b}', conflict('Aggregate {rack} already has host {b}.')),
      act('{rack}', 'remove_host', '{b}', hosts('{a}')),
      act('{rack}', 'remove_host', '{b}', missing('Cannot remove host {b} in aggregate {rack}')),
    ],
  },
  {
    name: 'a host or an aggregate that is not there is a 404',
    why: 'either may have been deleted meanwhile',
    fresh: false,
    steps: [
      { aggregate: 'rack', hosts: ['a'] },
      act('{rack}', 'add_host', 'nosuch', missing('Compute host nosuch could not be found.')),
      act(
        '{rack}',
        'remove_host',
        'nosuch',
        missing('Cannot remove host nosuch in aggregate {rack}'),
      ),
      act('999999', 'add_host', '{a}', missing('Aggregate 999999 could not be found.')),
      act('999999', 'remove_host', '{a}', missing('Cannot remove host {a} in aggregate 999999')),
    ],
  },
  {
    name: 'a host is in one zone only',
    why: 'a reserved host of another zone cannot join the aggregates of the failed one that make a zone',
    fresh: true,
    steps: [
      { aggregate: 'east', hosts: ['a'], zone: 'east' },
      { aggregate: 'west', hosts: ['b'], zone: 'west' },
      { aggregate: 'rack', hosts: ['a'] },
      act(
        '{east}',
        'add_host',
        '{b}',
        conflict({ $match: 'already in availability zone\\(s\\) .*west' }),
      ),
      act('{rack}', 'add_host', '{b}', hosts('{a}', '{b}')),
      get('/os-aggregates/{east}', 200, { aggregate: { hosts: ['{a}'] } }),
    ],
  },
];
