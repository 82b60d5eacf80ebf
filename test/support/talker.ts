import { createLog } from '../../src/adapters/log.ts';
import { createProcessIo } from '../../src/surfaces/cli/process-io.ts';

/** A process that logs more than any pipe holds, says so, and says one thing more when it is told to. */
const io = createProcessIo(process);
const format = process.argv[2] === 'json' ? 'json' : 'text';
const log = createLog({ level: 'info', format, stamp: 'none' });
for (let line = 0; line < 20_000; line += 1) log.info(`line ${String(line)} ${'x'.repeat(100)}`);
io.out('done\n');
process.stdin.once('data', () => {
  log.info('the last line');
  process.exit(0);
});
