// Runs a TypeScript entry of the tests (simulation, benchmarks): bundles it beside node_modules,
// because Node 20 does not read TypeScript, and hands the arguments on.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [entry, ...args] = process.argv.slice(2);
const root = join(import.meta.dirname, '..');
const directory = mkdtempSync(join(root, 'node_modules', '.run-'));
const outfile = join(directory, 'main.mjs');
// A file that looks for its neighbours must find them although it is bundled elsewhere.
const ownUrls = {
  name: 'own-urls',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: 'ts',
    }));
  },
};
await build({
  entryPoints: [join(root, entry)],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  plugins: [ownUrls],
});
const child = spawn(process.execPath, ['--enable-source-maps', outfile, ...args], {
  stdio: 'inherit',
  cwd: root,
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  rmSync(directory, { recursive: true, force: true });
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
