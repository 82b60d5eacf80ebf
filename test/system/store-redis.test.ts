import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/adapters/store/redis.ts';
import type { Store } from '../../src/engine/ports.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { describeStore, type StoreBed } from '../support/store-contract.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server.stop();
});

async function redisBed(): Promise<StoreBed> {
  await server.cli('flushall');
  const opened: Store[] = [];
  return {
    open: () => {
      const url = `redis://127.0.0.1:${String(server.port)}/0`;
      const store = createRedisStore({ redis: { url }, clock: { now: () => Date.now() } });
      opened.push(store);
      return store;
    },
    passTime: () => undefined,
    damage: async (host, text) => {
      const key = `nova-ha:{${host}}:record`;
      await server.cli('hset', key, 'record', text, 'summary', text);
    },
    damageSwitches: async (text) => {
      await server.cli('hset', 'nova-ha:switches', 'board', text);
    },
    close: async () => {
      for (const store of opened) await store.close();
    },
  };
}

describeStore('redis', redisBed);
