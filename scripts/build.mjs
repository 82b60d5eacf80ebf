// Bundles the program (and the simulator) to dist/: one CommonJS file each that runs on Node 20.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const entries = [
  { from: 'src/main.ts', to: 'dist/nova-ha.cjs' },
  { from: 'src/simulator/main.ts', to: 'dist/simulator.cjs' },
  { from: 'src/compose-agent-parts.ts', to: 'dist/agent-parts.cjs' },
  // Without an extension, as Pacemaker wants them: CommonJS wherever they are linked from.
  { from: 'fence-agents/fence_nova.ts', to: 'dist/fence_nova', parts: './agent-parts.cjs' },
  {
    from: 'fence-agents/fence_nova_evacuate.ts',
    to: 'dist/fence_nova_evacuate',
    parts: './agent-parts.cjs',
  },
  {
    from: 'fence-agents/ocf/NovaEvacuate.ts',
    to: 'dist/ocf/NovaEvacuate',
    parts: '../agent-parts.cjs',
  },
  {
    from: 'fence-agents/ocf/NovaComputeWait.ts',
    to: 'dist/ocf/NovaComputeWait',
    parts: '../agent-parts.cjs',
  },
];

// The agents share one file with everything heavy: merely reading it takes 20 ms of CPU, and neither
// metadata nor a monitor of the daemon needs it. It is run with the code that V8 compiled at the build.
const leaveOut = (parts) => ({
  name: 'agent-parts',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /\/compose-agent-parts\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: parts, namespace: 'agent-parts' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'agent-parts' }, ({ path }) => ({
      contents: `import { requireCached } from './src/adapters/code-cache.ts';
        module.exports = requireCached(require('node:path').join(__dirname, ${JSON.stringify(path)}));`,
      resolveDir: at(''),
    }));
  },
});

mkdirSync(at('dist'), { recursive: true });
// The package is an ES module, its bundles are not.
writeFileSync(at('dist/package.json'), '{ "type": "commonjs" }\n');

// A worker sleeps nearly always: one thread collects its small garbage with less CPU time than many,
// and a small nursery keeps its memory small. src/adapters/daemons.ts starts it in the same way.
const SPARING = '#!/usr/bin/env -S node --single-threaded-gc --max-semi-space-size=4';

for (const { from, to, parts } of entries) {
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
    // require() finds the shared file quicker than Node's loader of ES modules does.
    supported: { 'dynamic-import': false },
    plugins: parts === undefined ? [] : [leaveOut(parts)],
    banner: { js: to === 'dist/nova-ha.cjs' ? SPARING : '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  chmodSync(at(to), 0o755);
}

const recorder = at('dist/record-code.mjs');
await build({
  entryPoints: [at('scripts/record-code.ts')],
  outfile: recorder,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [recorder, at('dist')], {
  stdio: 'inherit',
  timeout: 60_000,
});
rmSync(recorder);
// Without it all works as well, only slower.
if (status !== 0)
  console.warn('build: dist/agent-parts.cjs.cache was not made; agents start slower');
