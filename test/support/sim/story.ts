import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import { known } from '../../../src/domain/known.ts';
import { applied } from '../../../src/domain/outcome.ts';
import type { Cloud } from '../../../src/simulator/cloud.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { LATE_EFFECT_MS } from './network.ts';
import type { SimProcess } from './processes.ts';
import { COMMANDS, PREPARATIONS, type Prepared } from './story-commands.ts';
import { finalTable } from './story-table.ts';
import { createUniverse, START_MS, type Universe, type UniverseOptions } from './universe.ts';

/** What a story is told with: its world, its people by name, and its own record of what happened. */
export interface Stage {
  readonly universe: Universe;
  readonly cloud: Cloud;
  /** Running and former workers by name. */
  readonly workers: Map<string, SimProcess>;
  readonly groups: Map<string, string>;
  /** What was not as the story expects. */
  readonly surprises: string[];
  /** The id of an instance that the story calls `vm-3`. */
  idOf(name: string): string;
  /** A line of the trace. */
  tell(line: string): void;
}

/** The world is this old when a story begins: every service has reported. */
const QUIET_MS = 30_000;

/** Nothing is left to chance but what the cloud itself draws from its seed. */
const STEADY: Random = {
  next: () => 0.5,
  below: (bound) => Math.floor(bound / 2),
  uuid: () => '00000000-0000-4000-8000-000000000000',
  hex: (length) => '5'.repeat(length),
};

const POLICY: Policy = {
  ...DEFAULT_POLICY,
  retry: { ...DEFAULT_POLICY.retry, uncertainMs: LATE_EFFECT_MS + 25_000, stalledMs: 300_000 },
};

/** The trace of a story, and what did not go as it says. */
export interface Told {
  readonly trace: readonly string[];
  readonly surprises: readonly string[];
}

/** Plays the lines of a story; a line that is no command is a mistake of its author. */
export async function tellStory(lines: readonly string[]): Promise<Told> {
  const script = lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  let prepared: Prepared = { hosts: 4, policy: POLICY };
  const acts: string[] = [];
  for (const line of script) {
    const found = PREPARATIONS.find(({ form }) => form.test(line));
    if (found === undefined) acts.push(line);
    else prepared = found.prepare(prepared, wordsOf(found.form, line));
  }
  const trace: string[] = [];
  const stage = createStage(prepared, trace);
  for (const line of acts) {
    const command = COMMANDS.find(({ form }) => form.test(line));
    if (command === undefined) throw new Error(`no such command: ${line}`);
    if (command.isTold !== false) stage.tell(`> ${line}`);
    await command.play(stage, wordsOf(command.form, line));
    for (const error of stage.universe.crashes) throw error;
  }
  const double = stage.cloud.doubles()[0];
  if (double !== undefined) stage.surprises.push('a guest ran twice');
  if (stage.universe.ledger.overlaps().length > 0)
    stage.surprises.push('two evacuations overlapped');
  trace.push('', ...(await finalTable(stage)));
  return { trace, surprises: stage.surprises };
}

const wordsOf = (form: RegExp, line: string): readonly string[] =>
  (form.exec(line) ?? [])
    .slice(1)
    .map((word) => word as string | undefined)
    .map((word) => word ?? '');

/** Pacemaker has every node online, and fences whom it is asked to fence; its agent marks the host. */
const createCluster = (universe: () => Universe): UniverseOptions['deaths'] => ({
  proof: () => null,
  silence: (process) => ({
    nodes: { presence: () => Promise.resolve(known('connected', process.clock.now())) },
    switches: [
      {
        source: 'pacemaker',
        objection: () => Promise.resolve(null),
        off: async (host) => {
          await process.clock.sleep(2000);
          universe().cloud.powerOff(host);
          universe().cloud.setGate(host, true);
          universe().fence(host);
          const detail = 'stonith "off" by ctl-2';
          return applied({ source: 'pacemaker', at: process.clock.now(), detail });
        },
      },
    ],
  }),
});

function createStage({ hosts, policy, watchesSilence = false }: Prepared, trace: string[]): Stage {
  const names = new Map<string, string>();
  const plain = (line: string): string =>
    line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => names.get(id) ?? id);
  const universe: Universe = createUniverse({
    ...(watchesSilence ? { deaths: createCluster(() => universe) } : {}),
    seed: 1,
    hosts,
    policy,
    timings: { spawnMs: 4000, bootMs: 20_000 },
    steady: STEADY,
    trace: (line) => {
      refreshNames();
      const [, stamp = '0', said = ''] = /^\s*([\d.]+) (.*)$/.exec(line) ?? [];
      trace.push(`${clockFace(Number(stamp) * 1000)} ${plain(said)}`);
    },
  });
  const { clock, cloud } = universe;
  const refreshNames = (): void => {
    for (const one of cloud.world.instances.byId.values()) names.set(one.id, one.name);
  };
  clock.advanceTo(START_MS + QUIET_MS);
  return {
    universe,
    cloud,
    workers: new Map(),
    groups: new Map(),
    surprises: [],
    idOf: (name) => {
      refreshNames();
      const id = [...names].find(([, known]) => known === name)?.[0];
      if (id === undefined) throw new Error(`no instance is called ${name}`);
      return id;
    },
    tell: (line) => {
      trace.push(`${clockFace(clock.now() - START_MS)} ${line}`);
    },
  };
}

/** Minutes, seconds and tenths since the story began. */
function clockFace(sinceStartMs: number): string {
  const seconds = Math.max(0, sinceStartMs - QUIET_MS) / 1000;
  const inMinute = (Math.floor(seconds * 10) / 10) % 60;
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${inMinute.toFixed(1).padStart(4, '0')}`;
}
