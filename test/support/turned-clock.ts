import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Variables by which a process has a wall clock of its own: `offsetMs` away from the machine's, and
 * turned by the same again at every SIGUSR2, as an operator or NTP would turn it.
 */
export async function turnedClock(
  directory: string,
  offsetMs: number,
): Promise<Readonly<Record<string, string>>> {
  const file = join(directory, `clock${String(offsetMs)}.cjs`);
  const source = `
const real = Date.now.bind(Date);
let offset = ${String(offsetMs)};
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [real() + offset] : given));
  }
  static now() {
    return real() + offset;
  }
};
process.on('SIGUSR2', () => {
  offset += ${String(offsetMs)};
});
`;
  await writeFile(file, source);
  return { NODE_OPTIONS: `--require=${file}` };
}
