import { parseArgs } from 'node:util';
import { createRealClock } from './clock.ts';
import { createCloud } from './cloud.ts';
import type { Cloud } from './cloud.ts';
import { createRandom } from './random.ts';
import { startSimulator } from './server.ts';

const USAGE = `usage: simulator [--hosts 4] [--instances 40] [--port 0] [--address 127.0.0.1]
  [--seed 1] [--password secret] [--max-microversion 2.96] [--spawn-ms 3000]
  [--boot-ms 60000] [--report-interval-ms 10000] [--service-down-time-ms 60000]
Plays an OpenStack cloud; prints one line of JSON when it is ready and runs until SIGTERM.
`;

const OPTIONS = {
  hosts: { type: 'string', default: '4' },
  instances: { type: 'string', default: '40' },
  port: { type: 'string', default: '0' },
  address: { type: 'string', default: '127.0.0.1' },
  seed: { type: 'string', default: '1' },
  password: { type: 'string', default: 'secret' },
  'max-microversion': { type: 'string', default: '2.96' },
  'spawn-ms': { type: 'string', default: '3000' },
  'boot-ms': { type: 'string', default: '60000' },
  'report-interval-ms': { type: 'string', default: '10000' },
  'service-down-time-ms': { type: 'string', default: '60000' },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function wholeNumber(values: Values, name: Exclude<keyof typeof OPTIONS, 'help'>): number {
  const text = values[name];
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}

function buildCloud(values: Values): Cloud {
  const cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(wholeNumber(values, 'seed')),
    hosts: wholeNumber(values, 'hosts'),
    microversion: { min: '2.1', max: values['max-microversion'] },
    timings: {
      spawnMs: wholeNumber(values, 'spawn-ms'),
      bootMs: wholeNumber(values, 'boot-ms'),
      reportIntervalMs: wholeNumber(values, 'report-interval-ms'),
      serviceDownTimeMs: wholeNumber(values, 'service-down-time-ms'),
    },
    identity: {
      users: [
        {
          name: 'admin',
          password: values.password,
          roles: { admin: ['admin'], '*system': ['admin'] },
        },
      ],
    },
  });
  const names = cloud.hosts().map((host) => host.name);
  for (let index = 0; index < wholeNumber(values, 'instances') && names.length > 0; index += 1) {
    cloud.boot({ host: names[index % names.length] ?? '' });
  }
  return cloud;
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const cloud = buildCloud(values);
  const port = wholeNumber(values, 'port');
  const simulator = await startSimulator({ cloud, port, host: values.address });
  const ready = {
    authUrl: simulator.authUrl,
    controlUrl: simulator.controlUrl,
    bmcUrl: `${simulator.url}/_bmc`,
    username: 'admin',
    password: values.password,
    project: 'admin',
    domain: 'Default',
    region: 'RegionOne',
    pid: process.pid,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const stop = (): void => {
    void simulator.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

run().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : 'it cannot start';
  process.stderr.write(`simulator: ${message}\n${USAGE}`);
  process.exitCode = 2;
});
