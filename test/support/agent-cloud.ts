import { createServer, type Server } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud, type Cloud } from '../../src/simulator/cloud.ts';
import type { Faults } from '../../src/simulator/faults.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { startSimulator } from '../../src/simulator/server.ts';

/** A simulated cloud over HTTP, and a configuration with a file store of its own. */
export interface AgentCloud {
  readonly cloud: Cloud;
  readonly authUrl: string;
  /** What goes wrong between the agents and the cloud. */
  readonly faults: Faults;
  readonly directory: string;
  readonly config: string;
  /** The options that every call needs. */
  readonly options: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts it; `store` is YAML for the store, by default a directory. */
export async function startAgentCloud(store?: string): Promise<AgentCloud> {
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-agents-'));
  const cloud = createCloud({ clock: createRealClock(), random: createRandom(1), hosts: 4 });
  const simulator = await startSimulator({ cloud });
  const config = join(directory, 'config.yaml');
  const lines = [`state_directory: ${directory}`, `store: ${store ?? '{kind: file}'}`, ''];
  await writeFile(config, lines.join('\n'));
  return {
    cloud,
    authUrl: simulator.authUrl,
    faults: simulator.faults,
    directory,
    config,
    options: {
      config,
      auth_url: simulator.authUrl,
      username: 'admin',
      password: 'secret',
      tenant_name: 'admin',
      region_name: 'RegionOne',
      endpoint_type: 'publicURL',
    },
    stop: async () => {
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A server on a free port that takes connections and then does what it is told: nothing, or little. */
export async function startBadServer(
  manner: 'hangs' | 'drips',
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (manner === 'hangs') return;
    socket.write(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{',
    );
    const timer = setInterval(() => socket.write(' '), 100);
    socket.on('close', () => {
      clearInterval(timer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  return {
    url: `http://127.0.0.1:${String(port)}/v3`,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}
