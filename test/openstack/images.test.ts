import { beforeEach, describe, expect, it } from 'vitest';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import type { Http } from '../../src/adapters/openstack/exchange.ts';
import type { Images } from '../../src/engine/ports.ts';
import { createLab, type Lab } from '../support/simulated-cloud.ts';
import { ADMIN, simulatedHttp } from '../support/simulated-http.ts';

const say = (): void => undefined;
const log = { debug: say, info: say, warn: say, error: say };

let lab: Lab;
let asked: string[];
let images: Images;

beforeEach(() => {
  lab = createLab();
  asked = [];
  const way = simulatedHttp(lab.cloud);
  const http: Http = {
    send: (request) => {
      if (request.url.includes('/v2/images')) asked.push(request.url);
      return way.send(request);
    },
  };
  ({ images } = createOpenStack({ cloud: ADMIN, clock: lab.clock, log, http }));
});

const anyTagged = async (): Promise<boolean | string> => {
  const answer = await images.anyTagged(['evacuable']);
  return answer.kind === 'known' ? answer.value : answer.why;
};

describe('whether any image of the region is tagged', () => {
  it.each([
    ['a tag', { tags: ['evacuable'] }],
    ['a property that is true', { properties: { evacuable: 'TRUE' } }],
    ['a property that is true in odd capitals', { properties: { evacuable: 'tRUE' } }],
    ['a tag of a hidden image', { tags: ['evacuable'], hidden: true }],
    ['a tag of a private image', { tags: ['evacuable'], visibility: 'private' }],
  ] as const)('%s counts', async (_, options) => {
    lab.cloud.createImage('plain');
    lab.cloud.createImage('tagged', options);
    expect(await anyTagged()).toBe(true);
  });

  it.each([
    ['a tag in other capitals', { tags: ['Evacuable'] }],
    ['a property in other capitals', { properties: { Evacuable: 'true' } }],
    ['a property that is not true', { properties: { evacuable: 'no' } }],
  ] as const)('%s does not, although MariaDB may find it', async (_, options) => {
    lab.cloud.createImage('other', options);
    expect(await anyTagged()).toBe(false);
  });

  it('is seen behind others that only look like it', async () => {
    lab.cloud.createImage('other', { tags: ['Evacuable'] });
    lab.cloud.createImage('tagged', { tags: ['evacuable'] });
    expect(await anyTagged()).toBe(true);
  });

  it('costs one short question for each spelling where nothing is tagged', async () => {
    for (let index = 0; index < 50; index += 1) lab.cloud.createImage(`plain-${index}`);
    expect(await anyTagged()).toBe(false);
    expect(asked).toHaveLength(5);
  });
});
