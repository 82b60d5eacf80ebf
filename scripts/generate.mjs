// Fills the generated parts of README.md; bundled first, because Node 20 runs no TypeScript.
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

await build({
  entryPoints: [at('scripts/reference.ts')],
  outfile: at('dist/reference.mjs'),
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
});

const { fillMarkers } = await import(at('dist/reference.mjs'));
const path = at('README.md');
const before = readFileSync(path, 'utf8');
const after = await fillMarkers(before);
if (after !== before) writeFileSync(path, after);
console.log(after === before ? 'README.md is up to date' : 'README.md was brought up to date');
