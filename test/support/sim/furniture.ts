import type { Cloud } from '../../../src/simulator/cloud.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { maybe, oneOf, somePairs, WORDS } from './policies.ts';

/** What an instance may carry besides its order. */
interface Belongings {
  readonly name: string;
  readonly projectId: string;
  readonly imageId: string | null;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Tagged images and aggregates, and instances that carry the words that rules look for. */
export function furnish(cloud: Cloud, random: Random): () => Belongings {
  const tags = (): string[] => WORDS.keys.filter(() => maybe(random, 0.2));
  const images = [0, 1].map((n) =>
    cloud.createImage(`image-${String(n)}`, {
      tags: tags(),
      properties: { ...somePairs(random), ...orderPairs(random) },
      visibility: oneOf(random, ['public', 'private']),
    }),
  );
  const names = cloud.hosts().map(({ name }) => name);
  for (const name of WORDS.aggregates) {
    const limit = oneOf(random, ['0', '1', '2', 'many', '-1']);
    cloud.createAggregate(name, {
      hosts: names.filter(() => maybe(random, 0.4)),
      metadata: {
        ...somePairs(random),
        ...(maybe(random, 0.1) ? { 'instanceha:max_failures': limit } : {}),
      },
    });
  }
  return () => ({
    name: oneOf(random, WORDS.names),
    projectId: oneOf(random, WORDS.projects),
    imageId: oneOf(random, [null, ...images, 'gone']),
    tags: tags(),
    metadata: somePairs(random),
  });
}

const orderPairs = (random: Random): Record<string, string> =>
  maybe(random, 0.3) ? { 'nova-ha:priority': oneOf(random, ['1', '800', 'high']) } : {};
