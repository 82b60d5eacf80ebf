import { measureBigHost } from './big-host.ts';
import { measureColdStarts } from './cold-start.ts';
import { measureLatency } from './latency.ts';
import { measureManyHosts } from './many-hosts.ts';

/**
 * The figures of the main job, each beside what it must reach: `npm run bench`, or one part of it with
 * `npm run bench -- big|latency|many|agents`. Measured on loopback, with the simulated cloud; nothing is asserted.
 */
const parts = process.argv.slice(2);
const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};
const row = (what: string, measured: string, target: string): void => {
  print(`  ${what.padEnd(46)} ${measured.padStart(12)}   ${target}`);
};

if (wanted('big')) {
  for (const spawnMs of [300, 3000]) {
    const big = await measureBigHost(1000, 40, spawnMs);
    print(`One host with 1,000 instances, 39 others, a guest takes ${String(spawnMs)} ms to build`);
    row('calls to Nova', String(big.novaCalls), `at most ${String(big.allowed)}`);
    row('calls to Nova per instance', big.callsPerInstance.toFixed(3), '1.05 + 40/1000');
    row('evacuations in flight, at most', String(big.inFlightPeak), 'limit 24');
    row('towards one destination, at most', String(big.towardsOnePeak), 'limit 10');
    row('CPU time of the worker', `${big.cpuS.toFixed(2)} s`, 'below 2 s');
    row('resident memory of the worker, at most', `${big.peakMib.toFixed(0)} MiB`, 'below 150 MB');
    row('duration', `${big.seconds.toFixed(1)} s`, '');
    row('guests that ran twice', String(big.ranTwice), '0');
    print(`  ${big.routes}`);
    print();
  }
}
if (wanted('latency')) {
  print('From the durable mark to the first POST evacuate (host proven off and forced down)');
  for (const kind of ['file', 'redis'] as const) {
    const latency = await measureLatency(kind, 20);
    row(
      `${kind}: median of ${String(latency.runs)}`,
      `${latency.medianMs.toFixed(0)} ms`,
      'below 50 ms',
    );
    row(`${kind}: worst`, `${latency.worstMs.toFixed(0)} ms`, '');
  }
  print();
}
if (wanted('many')) {
  const many = await measureManyHosts(1000, 100, 10);
  print(
    `${String(many.hosts)} hosts, ${String(many.instances)} instances, ${String(many.failing)} hosts fail at once`,
  );
  row('latest start of a turn after it was due', `${many.latestMs.toFixed(0)} ms`, 'below 1000 ms');
  row('turns', String(many.turns), '');
  row('evacuations in flight, at most', String(many.inFlightPeak), 'limit 24');
  row('duration', `${many.seconds.toFixed(1)} s`, '');
  row('guests that ran twice', String(many.ranTwice), '0');
  print();
}
if (wanted('agents')) {
  const cold = await measureColdStarts(20);
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const times = (value: number, of: number): string => `${(value / of).toFixed(2)} times`;
  print(`Cold starts of the agents: CPU time, the least of ${String(cold.runs)} runs side by side`);
  row('node -e 0', ms(cold.nodeMs), '');
  row('fence_nova -o metadata', ms(cold.metadataMs), '');
  row('  beside a bare node', times(cold.metadataMs, cold.nodeMs), 'below 1.5 times');
  row("fence_compute -o metadata (Debian's)", ms(cold.classicMetadataMs), '');
  row('  ours beside it', times(cold.metadataMs, cold.classicMetadataMs), 'below 1 time');
  row('fence_nova off, with Redis and Nova', ms(cold.offMs), '');
  row("fence_compute off (Debian's, one word patched)", ms(cold.classicOffMs), '');
  row('  ours beside it', times(cold.offMs, cold.classicOffMs), 'below 0.5 times');
}
