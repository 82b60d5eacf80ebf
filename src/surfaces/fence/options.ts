import { CLOUD_OPTIONS } from './cloud-options.ts';
import { DEVICE_OPTIONS } from './device-options.ts';
import type { AgentName, FenceOption } from './option.ts';

/** The actions that an agent advertises, in the order of its metadata. */
export function advertisedActions(agent: AgentName): readonly string[] {
  const off = agent === 'fence_nova' ? ['off'] : ['off', 'reboot'];
  return [
    'on',
    ...off,
    'status',
    'list',
    'list-status',
    'monitor',
    'metadata',
    'manpage',
    'validate-all',
  ];
}

/**
 * The table of an agent: every option with all its spellings. fence_evacuate's default action is
 * `reboot`, fence_compute's `off`.
 */
export function optionsOf(agent: AgentName): readonly FenceOption[] {
  return [...CLOUD_OPTIONS, ...DEVICE_OPTIONS]
    .filter((option) => option.only === null || option.only === agent)
    .map((option) =>
      option.name === 'action' && agent === 'fence_nova_evacuate'
        ? { ...option, default: 'reboot' }
        : option,
    );
}

/** Finds options by any of their spellings. */
export interface OptionIndex {
  /** By a key of standard input; `-` and `_` are alike. */
  byKey(key: string): FenceOption | null;
  byShort(letter: string): FenceOption | null;
  /** By a long option or an unambiguous beginning of one, as getopt takes them. */
  byLong(name: string): FenceOption | 'ambiguous' | null;
}

/** Builds the index of a table. */
export function indexOptions(options: readonly FenceOption[]): OptionIndex {
  const keys = new Map<string, FenceOption>();
  const shorts = new Map<string, FenceOption>();
  const longs = new Map<string, FenceOption>();
  for (const option of options) {
    for (const key of [option.name, option.long, ...option.older]) {
      keys.set(key.replaceAll('-', '_'), option);
    }
    if (option.short !== null) shorts.set(option.short, option);
    longs.set(option.long, option);
  }
  // A command line may use the older spellings too: renamed options have broken users before.
  for (const [key, option] of keys) {
    const long = key.replaceAll('_', '-');
    if (!longs.has(long)) longs.set(long, option);
  }
  return {
    byKey: (key) => keys.get(key.replaceAll('-', '_')) ?? null,
    byShort: (letter) => shorts.get(letter) ?? null,
    byLong(given) {
      const name = given.replaceAll('_', '-');
      const exact = longs.get(name);
      if (exact !== undefined) return exact;
      const found = new Set([...longs].filter(([long]) => long.startsWith(name)).map(([, o]) => o));
      if (found.size > 1) return 'ambiguous';
      return [...found][0] ?? null;
    },
  };
}
