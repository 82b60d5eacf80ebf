import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A bundle of the command with shorter times than the configuration allows. */
export interface ImpatientProgram {
  readonly file: string;
  remove(): Promise<void>;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Bundles it as the build does, into a directory of its own. */
export async function bundleImpatient(): Promise<ImpatientProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-impatient-'));
  const file = join(directory, 'worker.mjs');
  await build({
    entryPoints: [at('impatient-worker.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    alias: { 'form-data': at('../../scripts/form-data-stub.cjs') },
    // Some libraries are CommonJS and ask for Node's modules at run time.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return { file, remove: () => rm(directory, { recursive: true, force: true }) };
}
