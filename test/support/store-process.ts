import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** What a counting process is to do. */
export type ChildOrder = ({ readonly directory: string } | { readonly url: string }) & {
  readonly host: string;
  readonly rounds: number;
};

/** A counting process. */
export interface CountingProcess {
  /** The numbers that it was told are durable. */
  readonly acknowledged: readonly number[];
  kill(): void;
  /** How it ended: `killed`, `done`, or what it wrote when it failed. */
  readonly ended: Promise<string>;
}

/** Bundles the counting program into a directory and gives a function that starts it. */
export async function prepareCounting(
  directory: string,
): Promise<(order: ChildOrder) => CountingProcess> {
  const outfile = join(directory, 'store-child.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('store-child.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // ioredis is CommonJS and asks for Node's modules at run time.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outfile,
  });
  return (order) => {
    const child = spawn(process.execPath, [outfile, JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const acknowledged: number[] = [];
    let rest = '';
    let errors = '';
    child.stdout.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      acknowledged.push(...lines.map(Number));
    });
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    const ended = new Promise<string>((resolve) => {
      child.once('close', (code) => {
        resolve(code === 0 ? 'done' : code === null ? 'killed' : errors);
      });
    });
    return { acknowledged, kill: () => child.kill('SIGKILL'), ended };
  };
}
