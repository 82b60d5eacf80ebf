import { existsSync } from 'node:fs';
import { createExec, type Exec } from './adapters/exec.ts';
import { createFencing } from './adapters/fencing.ts';
import { createPower, createPowerFencing, type PowerConfig } from './adapters/power.ts';
import type { PacemakerParts } from './compose-pacemaker.ts';
import type { Settings } from './config/table.ts';
import type { Presence } from './domain/died.ts';
import { known, mapKnown, unknown, type Known } from './domain/known.ts';
import type { Clock, Fencing, SwitchOff } from './engine/ports.ts';
import type { CloudPart, FencingParts } from './surfaces/cli/parts.ts';

/** What fencing needs of the machine; `has` tells whether a program is installed. */
export interface FencingNeeds {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly cloud: () => Promise<CloudPart>;
  readonly exec?: Exec;
  readonly has?: (program: string) => boolean;
}

/**
 * Who proves that hosts are off, and who switches them off: Pacemaker and the power agents, each when it
 * is there and `fence.proof` believes it. Libraries are loaded when something is asked.
 */
export function composeFencing(needs: FencingNeeds): FencingParts {
  const { settings, clock, exec = createExec(), has = isInstalled } = needs;
  const believed = settings['fence.proof'];
  const devices = devicesOf(settings);
  const hosts = hostNames(needs);
  const inCluster = isInCluster(settings, has);
  const nodes = settings['pacemaker.nodes'];
  const skewMs = settings['fence.skew'];
  let opened: Promise<PacemakerParts> | null = null;
  const pacemaker = (): Promise<PacemakerParts> =>
    (opened ??= import('./compose-pacemaker.ts').then(({ composePacemaker }) =>
      composePacemaker({ clock, skewMs, nodes, hosts, exec }),
    ));

  const sources = {
    pacemaker: inCluster ? throughPacemaker(pacemaker) : null,
    power: devices.length > 0 ? throughPower({ devices, exec, clock }) : null,
    mark: null,
    operator: null,
  };
  const chosen = believed.flatMap((source) => {
    const found = sources[source];
    return found === null ? [] : [found];
  });
  return {
    // Marks and an operator's word are weighed by the decisions themselves.
    fencing: createFencing({ sources: chosen.map(({ proofs }) => proofs), clock }),
    switches: chosen.map(({ off }) => off),
    lookout: inCluster
      ? {
          unmarked: async (marked) => (await pacemaker()).lookout.unmarked(marked),
          failing: async (asked) => (await pacemaker()).lookout.failing(asked),
        }
      : null,
    nodes: inCluster
      ? { presence: async (host) => presenceOf(await (await pacemaker()).presence(host)) }
      : null,
    cluster: {
      configuration: async () =>
        inCluster
          ? (await pacemaker()).configuration()
          : unknown(
              settings['pacemaker.enabled'] === 'off'
                ? 'pacemaker.enabled is off'
                : 'Pacemaker is not installed here',
            ),
      dialect: has('crm') && !has('pcs') ? 'crm' : 'pcs',
    },
  };
}

const presenceOf = (found: Known<{ readonly kind: Exclude<Presence, 'alone'> }>) =>
  mapKnown(found, ({ kind }) => kind);

/** One who can switch hosts off, and prove it. */
interface Source {
  readonly proofs: Fencing;
  readonly off: SwitchOff;
}

const throughPacemaker = (pacemaker: () => Promise<PacemakerParts>): Source => ({
  proofs: { proof: async (...asked) => (await pacemaker()).fencing.proof(...asked) },
  off: {
    source: 'pacemaker',
    objection: async (host) => (await pacemaker()).switchOff.objection(host),
    off: async (host) => (await pacemaker()).switchOff.off(host),
  },
});

function throughPower(deps: {
  readonly devices: PowerConfig;
  readonly exec: Exec;
  readonly clock: Clock;
}): Source {
  const power = createPower(deps);
  return {
    proofs: createPowerFencing({ ...deps, power }),
    off: {
      source: 'power',
      objection: async (host) => {
        // Whoever cannot read the state could not confirm an off either; nothing is changed yet.
        const state = await power.status(host);
        return state.kind === 'unknown' ? state.why : null;
      },
      off: (host) => power.off(host),
    },
  };
}

function isInCluster(settings: Settings, has: (program: string) => boolean): boolean {
  switch (settings['pacemaker.enabled']) {
    case 'on':
      return true;
    case 'off':
      return false;
    case 'auto':
      return has('cibadmin') || has('crm_mon');
  }
}

const isInstalled = (program: string): boolean =>
  ['/usr/sbin', '/usr/bin'].some((directory) => existsSync(`${directory}/${program}`));

const devicesOf = (settings: Settings): PowerConfig =>
  settings.power.map(({ hosts, agent, options, options_file: optionsFile, timeout }) => ({
    hosts,
    agent,
    options,
    optionsFile,
    timeoutMs: timeout,
  }));

/** Names change rarely, and a new host is told apart from the others after this long. */
const NAMES_MS = 30_000;

/** Nova's service hosts, so that no node is taken for two of them; asked anew now and then. */
function hostNames({ cloud, clock }: FencingNeeds): () => Promise<Known<readonly string[]>> {
  let last: { readonly atMs: number; readonly names: readonly string[]; at: number } | null = null;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (last !== null && nowMs - last.atMs < NAMES_MS) return known(last.names, last.at);
    const part = await cloud();
    if (part.kind === 'wrong') return unknown(part.message);
    const fleet = await part.compute.fleet();
    if (fleet.kind === 'unknown') return fleet;
    last = { atMs: nowMs, names: [...fleet.value.services.keys()], at: fleet.at };
    return known(last.names, last.at);
  };
}
