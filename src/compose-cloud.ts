import type { Config } from './config/config.ts';
import { homeDirectory, readFile } from './compose-config.ts';
import { KEYS, type Key } from './config/table.ts';
import type { Clock, Log } from './engine/ports.ts';
import type { CloudPart, CloudProblem } from './surfaces/cli/parts.ts';

/** OpenStack, opened on first use. */
export interface ComposedCloud {
  open(): Promise<CloudPart>;
  close(): void;
}

/** Makes the OpenStack adapters; their libraries are loaded when a command asks for the cloud. */
export function composeCloud(config: Config, clock: Clock, log: Log): ComposedCloud {
  let opened: Promise<CloudPart> | null = null;
  let closers: readonly (() => void)[] = [];
  const open = async (): Promise<CloudPart> => {
    const [{ loadCloud }, { createOpenStack }] = await Promise.all([
      import('./adapters/openstack/clouds.ts'),
      import('./adapters/openstack/openstack.ts'),
    ]);
    const name = config.settings.cloud;
    const loaded = loadCloud({
      env: process.env,
      cwd: process.cwd(),
      home: homeDirectory(),
      readFile,
      overrides: overridesOf(config),
      ...(name === null ? {} : { cloudName: name }),
    });
    if (loaded.kind === 'error') return { kind: 'wrong', exit: 'usage', message: loaded.message };
    const openstack = createOpenStack({ cloud: loaded.cloud, clock, log });
    closers = [
      () => {
        openstack.close();
      },
    ];
    const signIn = async (): Promise<CloudProblem | null> => {
      const grant = await openstack.signIn();
      if (grant.kind === 'ok') return null;
      const exit = grant.cause === 'not-sent' ? 'failed' : 'authentication';
      return { severity: 'fatal', exit, message: grant.message };
    };
    return {
      kind: 'ok',
      compute: openstack.compute,
      images: openstack.images,
      mover: openstack.mover,
      capacity: openstack.capacity,
      description: openstack.description,
      signIn,
      check: async () => {
        const refused = await signIn();
        if (refused !== null) return [refused];
        const problems = await openstack.check();
        return problems.map(({ severity, message, remedy }) => ({
          severity,
          exit: 'failed',
          message: `${message}. Remedy: ${remedy}.`,
        }));
      },
    };
  };
  return {
    open: () => (opened ??= open()),
    close: () => {
      for (const close of closers) close();
    },
  };
}

/** What the configuration says, under the names of clouds.yaml; files of secrets are read already. */
function overridesOf({ settings, origins }: Config): Readonly<Record<string, string>> {
  const named: Readonly<Partial<Record<Key, string>>> = {
    region: 'region_name',
    interface: 'interface',
  };
  const overrides: Record<string, string> = {};
  for (const key of KEYS) {
    const name = key.startsWith('openstack.') ? key.slice('openstack.'.length) : named[key];
    const value = settings[key];
    if (name === undefined || name.endsWith('_file')) continue;
    // What stands in clouds.yaml has no parts.
    if (value === null || typeof value === 'object') continue;
    // A default is no statement: it must not hide what clouds.yaml says.
    if (origins[key].from !== 'default') overrides[name] = String(value);
  }
  return overrides;
}
