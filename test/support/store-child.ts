import { writeSync } from 'node:fs';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { createRedisStore } from '../../src/adapters/store/redis.ts';
import { asHost } from '../../src/domain/ids.ts';
import type { Store } from '../../src/engine/ports.ts';
import type { ChildOrder } from './store-process.ts';

/** A process that counts in a record by compare-and-set and tells each acknowledged number. */
async function main(order: ChildOrder): Promise<void> {
  const clock = { now: () => Date.now() };
  const store: Store =
    'directory' in order
      ? createFileStore({ directory: order.directory, clock })
      : createRedisStore({ redis: { url: order.url }, clock });
  const host = asHost(order.host);
  for (let done = 0; done < order.rounds;) {
    const read = await store.read(host);
    if (read.kind === 'unknown' || read.value === null) throw new Error(JSON.stringify(read));
    const { version, evacuation } = read.value;
    const { life } = evacuation;
    const next = { ...evacuation, life: { ...life, moves: life.moves + 1 } };
    const outcome = await store.write({ version, epoch: null }, next);
    if (outcome.kind === 'uncertain') throw new Error(outcome.why);
    if (outcome.kind === 'refused') continue;
    done += 1;
    writeSync(1, `${String(next.life.moves)}\n`);
  }
  await store.close();
}

await main(JSON.parse(process.argv[2] ?? '{}') as ChildOrder);
