import * as fs from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFileStore } from '../../src/adapters/store/file.ts';
import { asHost } from '../../src/domain/ids.ts';
import { markedRecord } from '../support/record.ts';
import { valueOf } from '../support/store-contract.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, link: vi.fn(real.link) };
});

const host = asHost('compute-1');
const link = vi.mocked(fs.link);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nova-ha-link-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** The next link(2) answers with an error, after it was done or not. */
function nextLink(code: string, done: boolean): void {
  const real = link.getMockImplementation();
  link.mockImplementationOnce(async (from, to) => {
    if (done) await real?.(from, to);
    throw failure(code);
  });
}

async function write() {
  const store = createFileStore({ directory, clock: { now: () => Date.now() } });
  const outcome = await store.write({ version: 0, epoch: null }, markedRecord(host));
  const left = await readdir(join(directory, 'hosts', host, 'records'));
  return { outcome, left, found: valueOf(await store.read(host))?.version ?? 0 };
}

describe('a filesystem that fails while a version is given its name', () => {
  // A network filesystem that is mounted soft gives up with one of these, whatever its server has done.
  test.each(['EIO', 'ETIMEDOUT', 'ESTALE', 'ECONNRESET'])('%s says nothing', async (code) => {
    nextLink(code, true);
    expect(await write()).toMatchObject({
      outcome: { kind: 'uncertain' },
      found: 1,
      left: ['000000000001.json'],
    });
  });

  test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'])('%s says no', async (code) => {
    nextLink(code, false);
    expect(await write()).toMatchObject({
      outcome: { kind: 'refused', refusal: { cause: 'not-sent' } },
      found: 0,
      left: [],
    });
  });

  test('EEXIST for what was done is a success: the answer was lost and the request repeated', async () => {
    nextLink('EEXIST', true);
    expect(await write()).toMatchObject({ outcome: { kind: 'applied' }, found: 1 });
  });
});
