import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheOf, compileFile, requireCached } from '../../src/adapters/code-cache.ts';

const SOURCE = `#!/usr/bin/env node
exports.base = require('node:path').basename(__filename);
exports.answer = () => 42;
`;

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nova-ha-code-'));
  path = join(directory, 'parts.cjs');
  writeFileSync(path, SOURCE);
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function keep(): Buffer {
  const file = compileFile(path);
  file.run();
  const code = file.code();
  writeFileSync(cacheOf(path), code);
  return code;
}

const answer = (): unknown => (requireCached(path) as { answer: () => unknown }).answer();

describe('the kept code of a file', () => {
  it('is not needed', () => {
    expect(compileFile(path).cached).toBe(false);
    expect(requireCached(path)).toMatchObject({ base: 'parts.cjs' });
    expect(answer()).toBe(42);
  });

  it('is taken, and does the same', () => {
    keep();
    expect(compileFile(path).cached).toBe(true);
    expect(requireCached(path)).toMatchObject({ base: 'parts.cjs' });
    expect(answer()).toBe(42);
  });

  it('is not taken for a file that was changed since, were it as long', () => {
    keep();
    writeFileSync(path, SOURCE.replace('42', '43'));
    expect(compileFile(path).cached).toBe(false);
    expect(answer()).toBe(43);
  });

  it('is not taken when any byte of it is damaged', () => {
    const code = keep();
    for (const at of [0, 40, 70, code.length >> 1, code.length - 1]) {
      const damaged = Buffer.from(code);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      writeFileSync(cacheOf(path), damaged);
      expect(compileFile(path).cached).toBe(false);
      expect(answer()).toBe(42);
    }
  });

  it('is not taken when it was cut off or is empty', () => {
    const code = keep();
    for (const length of [0, 10, 64, code.length - 1]) {
      writeFileSync(cacheOf(path), readFileSync(cacheOf(path)).subarray(0, length));
      expect(compileFile(path).cached).toBe(false);
      expect(answer()).toBe(42);
    }
  });
});
