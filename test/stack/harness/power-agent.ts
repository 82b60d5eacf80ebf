/**
 * Debian's own fence_ipmilan as the power agent of the cloud's hosts. Only `ipmitool` is not real: it
 * cuts the power of the cloud's host.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages } from '../../support/debian-packages.ts';
import type { Cloud } from './cloud.ts';

const CLOUD = fileURLToPath(new URL('../cloud', import.meta.url));

/** A power agent for every host of a cloud. */
export interface PowerAgent {
  /** The entry under `power` in the configuration, in YAML's short form. */
  readonly entry: string;
  remove(): Promise<void>;
}

/** Makes the power agent; Debian's packages are installed where they are missing. */
export async function createPowerAgent(cloud: Cloud): Promise<PowerAgent> {
  await ensureDebianPackages();
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-power-'));
  const tool = join(directory, 'ipmitool');
  await writeFile(tool, ipmitool(cloud.directory), { mode: 0o755 });
  const options = { ipmitool_path: tool, ip: '{host}', username: 'nova-ha', lanplus: 1 };
  return {
    entry: JSON.stringify({ hosts: ['compute-*'], agent: 'fence_ipmilan', options }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** `ipmitool ... -H HOST ... chassis power off|status` */
const ipmitool = (directory: string): string => `#!/bin/bash
export CLOUD_DIR='${directory}'
host= action=
while [ $# -gt 0 ]; do
    case $1 in
        -H) host=$2; shift ;;
        power) action=$2; shift ;;
    esac
    shift
done
case $action in
    off) '${CLOUD}' power-off "$host" && echo 'Chassis Power Control: Down/Off' ;;
    status) echo "Chassis Power is $('${CLOUD}' power-status "$host")" ;;
    *) exit 1 ;;
esac
`;
