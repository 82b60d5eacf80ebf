import { escapeXml } from '../xml.ts';
import type { OcfAgentName } from './parameter.ts';
import { parametersOf } from './parameters.ts';

interface Action {
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly intervalSeconds?: number;
}

interface Description {
  readonly short: string;
  readonly long: readonly string[];
  readonly actions: readonly Action[];
}

const SHORT_ACTIONS: readonly Action[] = [
  { name: 'validate-all', timeoutSeconds: 20 },
  { name: 'meta-data', timeoutSeconds: 5 },
];

/** What the agents say about themselves, with the time-outs that they recommend. */
export const OCF_DESCRIPTIONS: Readonly<Record<OcfAgentName, Description>> = {
  NovaEvacuate: {
    short: 'Runs the worker of nova-ha, which evacuates failed OpenStack compute hosts',
    long: [
      'Starts, watches and stops the worker daemon of nova-ha on a controller. A drop-in for',
      'ocf:openstack:NovaEvacuate. Monitor fails when the worker is gone or hung, never because',
      'Nova, Keystone or the store is away, and reports "degraded" while evacuations need a human.',
    ],
    actions: [
      { name: 'start', timeoutSeconds: 30 },
      { name: 'stop', timeoutSeconds: 60 },
      { name: 'monitor', timeoutSeconds: 20, intervalSeconds: 10 },
      ...SHORT_ACTIONS,
    ],
  },
  NovaComputeWait: {
    short: 'Holds nova-compute back until the evacuation of its host is settled',
    long: [
      'Runs on compute nodes, ordered before nova-compute. Start returns at once on a host that is not',
      'marked, else when its evacuation is settled. A drop-in for ocf:openstack:nova-compute-wait,',
      'without its fixed wait. Not needed where nova-compute is held back by the systemd drop-in.',
    ],
    actions: [
      { name: 'start', timeoutSeconds: 600 },
      { name: 'stop', timeoutSeconds: 20 },
      { name: 'monitor', timeoutSeconds: 20, intervalSeconds: 10 },
      ...SHORT_ACTIONS,
    ],
  },
};

/** The metadata of an agent as XML; valid by resource-agents' `metadata.rng` and `ra-api-1.dtd`. */
export function ocfMetadata(agent: OcfAgentName, version: string): string {
  const { short, long, actions } = OCF_DESCRIPTIONS[agent];
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">',
    `<resource-agent name="${agent}" version="${escapeXml(version)}">`,
    '<version>1.0</version>',
    `<longdesc lang="en">${escapeXml(long.join(' '))}</longdesc>`,
    `<shortdesc lang="en">${escapeXml(short)}</shortdesc>`,
    '<parameters>',
    ...parametersOf(agent).flatMap((parameter) => [
      `<parameter name="${parameter.name}" unique="0" required="0">`,
      `<longdesc lang="en">${escapeXml(parameter.long)}</longdesc>`,
      `<shortdesc lang="en">${escapeXml(parameter.short)}</shortdesc>`,
      `<content type="${parameter.type}" default="${escapeXml(parameter.default)}" />`,
      '</parameter>',
    ]),
    '</parameters>',
    '<actions>',
    ...actions.map(
      ({ name, timeoutSeconds, intervalSeconds }) =>
        `<action name="${name}" timeout="${String(timeoutSeconds)}s"${
          intervalSeconds === undefined ? '' : ` interval="${String(intervalSeconds)}s" depth="0"`
        } />`,
    ),
    '</actions>',
    '</resource-agent>',
    '',
  ].join('\n');
}
