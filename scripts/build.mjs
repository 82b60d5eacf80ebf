// Bundles the program (and the simulator) to dist/: one CommonJS file each that runs on Node 20.
import { build } from 'esbuild';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const entries = [
  { from: 'src/main.ts', to: 'dist/nova-ha.cjs' },
  { from: 'src/simulator/main.ts', to: 'dist/simulator.cjs' },
];

mkdirSync(at('dist'), { recursive: true });
// The package is an ES module, its bundles are not.
writeFileSync(at('dist/package.json'), '{ "type": "commonjs" }\n');

for (const { from, to } of entries) {
  rmSync(at(to), { force: true });
  if (!existsSync(at(from))) continue;
  await build({
    entryPoints: [at(from)],
    outfile: at(to),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Not minified: a stack trace on a controller at night must be readable.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    alias: { 'form-data': at('scripts/form-data-stub.cjs') },
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  chmodSync(at(to), 0o755);
}
