import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { describeStore, type StoreBed } from '../support/store-contract.ts';
import type { Store } from '../../src/engine/ports.ts';

async function fileBed(): Promise<StoreBed> {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-store-'));
  const opened: Store[] = [];
  let monotonicMs = 1000;
  const bootClock = { machine: 'm', boot: 'b', monotonicMs: () => monotonicMs };
  return {
    open: () => {
      const store = createFileStore({ directory, clock: { now: () => Date.now() }, bootClock });
      opened.push(store);
      return store;
    },
    passTime: (lengthMs) => {
      monotonicMs += lengthMs;
    },
    damage: async (host, text) => {
      const records = join(directory, 'hosts', host, 'records');
      const last = (await readdir(records)).sort().at(-1) ?? '';
      await writeFile(join(records, last), text);
    },
    damageSwitches: async (text) => {
      const switches = join(directory, 'switches');
      const last = (await readdir(switches)).sort().at(-1) ?? '';
      await writeFile(join(switches, last), text);
    },
    close: async () => {
      for (const store of opened) await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

describeStore('file', fileBed);
