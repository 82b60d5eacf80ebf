import type { Bmc, BmcBehaviour } from './bmc.ts';
import type { Cloud } from './cloud.ts';
import type { PlanePart } from './control-plane.ts';
import type { Faults, FaultRule } from './faults.ts';
import type { SpawnFailure } from './hosts.ts';
import { asRecord, reply } from './request.ts';
import type { ApiResponse } from './request.ts';

/** What the control door opens to. */
export interface ControlParts {
  readonly cloud: Cloud;
  readonly bmc: Bmc;
  readonly faults: Faults;
}

type Command = (parts: ControlParts, body: Record<string, unknown>) => unknown;

function text(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`"${name}" must be a string`);
  return value;
}

function number(body: Record<string, unknown>, name: string): number {
  const value = body[name];
  if (typeof value !== 'number') throw new Error(`"${name}" must be a number`);
  return value;
}

function oneOf<Word extends string>(
  body: Record<string, unknown>,
  name: string,
  words: readonly Word[],
): Word {
  const found = words.find((word) => word === body[name]);
  if (found === undefined) throw new Error(`"${name}" must be one of ${words.join(', ')}`);
  return found;
}

const PARTS: readonly PlanePart[] = ['conductor', 'scheduler', 'rabbit'];
const FAILURES: readonly SpawnFailure[] = ['claim', 'spawn', 'image', 'network', 'volume'];
const BEHAVIOURS: readonly BmcBehaviour[] = ['healthy', 'unreachable', 'stuck'];

function hostView(cloud: Cloud): unknown {
  return cloud.hosts().map((host) => ({
    name: host.name,
    machine: host.machine,
    compute: host.compute,
    disabled: host.disabled,
    forcedDown: host.forcedDown,
    instances: host.instances.size,
    serviceUuid: host.serviceUuid,
  }));
}

function instanceViews(cloud: Cloud): unknown {
  return cloud.world.instances.ordered.map((instance) => ({
    id: instance.id,
    name: instance.name,
    host: instance.host?.name ?? null,
    vmState: instance.vmState,
    taskState: instance.taskState,
    runsOn: instance.runsOn.map((host) => host.name),
    evacuatePosts: instance.evacuatePosts.length,
    diskLost: instance.diskLost,
    disk: instance.disk ?? null,
  }));
}

const VIEWS: Readonly<Record<string, Command>> = {
  guests: ({ cloud }) => cloud.guests(),
  doubles: ({ cloud }) => cloud.doubles(),
  requests: ({ cloud }) => ({ total: cloud.requests.total(), routes: cloud.requests.list() }),
  hosts: ({ cloud }) => hostView(cloud),
  instances: ({ cloud }) => instanceViews(cloud),
  flights: ({ cloud }) => cloud.flights(),
  faults: ({ faults }) => faults.hits(),
};

const onHost =
  (act: (cloud: Cloud, host: string, body: Record<string, unknown>) => void): Command =>
  ({ cloud }, body) => {
    act(cloud, text(body, 'host'), body);
    return {};
  };

const COMMANDS: Readonly<Record<string, Command>> = {
  boot: ({ cloud }, body) => ({ ids: cloud.boot(body) }),
  'delete-instance': ({ cloud }, body) => {
    cloud.deleteInstance(text(body, 'id'));
  },
  'set-instance-state': ({ cloud }, body) => {
    cloud.setInstanceState(text(body, 'id'), asRecord(body['state']) ?? {});
  },
  'server-group': ({ cloud }, body) => ({ id: cloud.createServerGroup(text(body, 'policy')) }),
  aggregate: ({ cloud }, body) => ({
    id: cloud.createAggregate(text(body, 'name'), body),
  }),
  image: ({ cloud }, body) => ({
    id: cloud.createImage(text(body, 'name'), body),
  }),
  'power-off': onHost((cloud, host) => {
    cloud.powerOff(host);
  }),
  'power-on': onHost((cloud, host) => {
    cloud.powerOn(host);
  }),
  'kill-compute': onHost((cloud, host) => {
    cloud.killCompute(host);
  }),
  'freeze-compute': onHost((cloud, host) => {
    cloud.freezeCompute(host);
  }),
  'thaw-compute': onHost((cloud, host) => {
    cloud.thawCompute(host);
  }),
  'start-compute': onHost((cloud, host) => {
    cloud.startCompute(host);
  }),
  gate: onHost((cloud, host, body) => {
    cloud.setGate(host, body['gated'] === true);
  }),
  autostart: onHost((cloud, host, body) => {
    cloud.setAutostart(host, body['autostart'] === true);
  }),
  capacity: onHost((cloud, host, body) => {
    cloud.setCapacity(host, number(body, 'instances'));
  }),
  'spawn-failure': onHost((cloud, host, body) => {
    const isNone = body['failure'] === undefined || body['failure'] === null;
    cloud.setSpawnFailure(host, isNone ? undefined : oneOf(body, 'failure', FAILURES));
  }),
  'spawn-delay': onHost((cloud, host, body) => {
    cloud.setSpawnDelay(host, number(body, 'spawnMs'));
  }),
  'take-down': ({ cloud }, body) => {
    cloud.takeDown(oneOf(body, 'part', PARTS));
  },
  'bring-back': ({ cloud }, body) => {
    cloud.bringBack(oneOf(body, 'part', PARTS));
  },
  'cell-down': ({ cloud }, body) => {
    cloud.cellDown(text(body, 'cell'));
  },
  'cell-up': ({ cloud }, body) => {
    cloud.cellUp(text(body, 'cell'));
  },
  'api-skew': ({ cloud }, body) => {
    cloud.setApiSkew(number(body, 'skewMs'));
  },
  'evacuate-by-hand': ({ cloud }, body) => ({
    requestId: cloud.evacuateByHand(text(body, 'id')) ?? null,
  }),
  'expire-tokens': ({ cloud }) => {
    cloud.expireTokens();
  },
  'reset-requests': ({ cloud }) => {
    cloud.requests.reset();
  },
  faults: ({ faults }, body) => {
    if (body['clear'] === true) faults.clear();
    for (const rule of Array.isArray(body['rules']) ? body['rules'] : []) {
      faults.add(rule as FaultRule);
    }
  },
  bmc: ({ bmc }, body) => {
    bmc.setBehaviour(text(body, 'host'), oneOf(body, 'behaviour', BEHAVIOURS));
  },
};

/** Answers `/_sim/…`: GET shows the truth, POST moves the world. Mistakes of the caller are a 400 with a sentence. */
export function handleControl(
  parts: ControlParts,
  method: string,
  path: string,
  body: unknown,
): ApiResponse {
  const name = path.replace(/^\/_sim\/?/, '');
  const table = method === 'GET' ? VIEWS : COMMANDS;
  const command = Object.hasOwn(table, name) ? table[name] : undefined;
  if (command === undefined) {
    return reply(404, { error: `no such control: ${method} ${name}`, known: Object.keys(table) });
  }
  try {
    return reply(200, command(parts, asRecord(body) ?? {}) ?? {});
  } catch (error) {
    return reply(400, { error: error instanceof Error ? error.message : 'unknown mistake' });
  }
}

/** Answers `/_bmc/{host}`: GET reads the power, POST `{"power": "on" | "off"}` switches it. */
export function handleBmc(bmc: Bmc, method: string, path: string, body: unknown): ApiResponse {
  const host = decodeURIComponent(path.replace(/^\/_bmc\/?/, ''));
  const power = asRecord(body)?.['power'];
  const answer =
    method === 'POST' && (power === 'on' || power === 'off')
      ? bmc.set(host, power)
      : bmc.status(host);
  switch (answer.kind) {
    case 'power':
      return reply(200, { power: answer.power });
    case 'unreachable':
      return reply(504, { error: `the management controller of ${host} does not answer` });
    case 'unknown-host':
      return reply(404, { error: `there is no host ${host}` });
  }
}
