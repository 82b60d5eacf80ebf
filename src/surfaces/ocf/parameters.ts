import type { OcfAgentName, OcfParameter } from './parameter.ts';

const CLASSIC = { type: 'string', default: '', ours: false } as const;
const OURS = { ...CLASSIC, ours: true } as const;
const NO_EFFECT = 'Taken, without effect: ';

/** The parameters that say which cloud; all of NovaEvacuate's and nova-compute-wait's own names. */
const CLOUD: readonly OcfParameter[] = [
  {
    ...CLASSIC,
    name: 'auth_url',
    short: 'URL of Keystone',
    long: 'URL of Keystone (identity v3). Without it the credentials of the configuration file are used.',
  },
  {
    ...CLASSIC,
    name: 'username',
    short: 'OpenStack user',
    long: 'Name of the OpenStack user. Needed together with auth_url.',
  },
  {
    ...CLASSIC,
    name: 'password',
    short: 'Password',
    long: 'Password of the OpenStack user. Needed together with auth_url. It reaches the worker through its environment, never through a command line.',
  },
  {
    ...CLASSIC,
    name: 'tenant_name',
    short: 'Project',
    long: 'Project (tenant) to sign in to. Needed together with auth_url.',
  },
  {
    ...CLASSIC,
    name: 'user_domain',
    short: 'Keystone domain of the user',
    long: 'Keystone domain of the user; with auth_url the default is "Default".',
  },
  {
    ...CLASSIC,
    name: 'project_domain',
    short: 'Keystone domain of the project',
    long: 'Keystone domain of the project; with auth_url the default is "Default".',
  },
  {
    ...CLASSIC,
    name: 'region_name',
    short: 'Region',
    long: 'Region whose Nova is meant; needed where the catalogue has several.',
  },
  {
    ...CLASSIC,
    name: 'endpoint_type',
    short: 'Interface of the catalogue',
    long: 'Which endpoints of the catalogue are used: publicURL, internalURL or adminURL.',
  },
  {
    ...CLASSIC,
    name: 'insecure',
    type: 'boolean',
    default: '0',
    short: 'Do not verify TLS certificates',
    long: 'Do not verify TLS certificates. insecure=0 means: do verify.',
  },
  {
    ...CLASSIC,
    name: 'domain',
    short: 'DNS domain of the hosts',
    long: 'DNS domain of the compute hosts, where the cluster has short names and Nova full ones. Seldom needed: names are matched by their short form too.',
  },
  {
    ...CLASSIC,
    name: 'no_shared_storage',
    type: 'boolean',
    default: '0',
    short: 'Taken, without effect',
    long: `${NO_EFFECT}storage.kind in the configuration file says where instance disks live.`,
  },
  {
    ...OURS,
    name: 'config',
    short: 'Configuration file of nova-ha',
    long: 'Path of the configuration file; the default is /etc/nova-ha/config.yaml, which need not exist. Parameters of this resource win over it.',
  },
  {
    ...OURS,
    name: 'store',
    short: 'Where marks are kept',
    long: 'Where marks are kept: file[:DIRECTORY], redis, a redis:// URL or pacemaker. The default is what the configuration file says.',
  },
  {
    ...OURS,
    name: 'cloud',
    short: 'Name of the cloud in clouds.yaml',
    long: 'Name of the cloud in clouds.yaml, instead of auth_url and the other credentials.',
  },
];

const EVACUATE: readonly OcfParameter[] = [
  {
    ...CLASSIC,
    name: 'verbose',
    type: 'boolean',
    default: '0',
    short: 'Log details',
    long: 'Let the worker log details.',
  },
  {
    ...CLASSIC,
    name: 'evacuate_delay',
    type: 'integer',
    default: '0',
    short: 'Seconds before the first evacuation',
    long: 'Extra seconds between the proof that a host is off and its first evacuation, for storage leases and locks. 0: what the configuration file says (fence.delay).',
  },
  {
    ...OURS,
    name: 'binary',
    default: '',
    short: 'Program of the worker',
    long: 'Path of the program nova-ha. The default is the one beside this agent, else /usr/bin/nova-ha.',
  },
  {
    ...OURS,
    name: 'run_directory',
    default: '/run/nova-ha',
    short: 'Directory for pid file and status of the worker',
    long: 'Directory for the pid file, the status file and the log of the worker. It must not survive a reboot.',
  },
  {
    ...OURS,
    name: 'turn_timeout',
    type: 'integer',
    default: '120',
    short: 'Seconds without a completed turn that mean: hung',
    long: 'When the worker has completed no turn for so many seconds, monitor fails and Pacemaker restarts it. A turn completes also when Nova or the store is away.',
  },
];

const WAIT: readonly OcfParameter[] = [
  {
    ...CLASSIC,
    name: 'evacuation_delay',
    type: 'integer',
    default: '0',
    short: 'Extra seconds after a settled evacuation',
    long: 'Extra seconds to wait after an evacuation was waited for. The classic agent waits 120 s because it cannot know; here 0 is safe.',
  },
  {
    ...OURS,
    name: 'host',
    short: 'Name of the compute host',
    long: "Name of the compute host; the default is the node's own name.",
  },
  {
    ...OURS,
    name: 'run_directory',
    default: '/run/nova-ha',
    short: 'Directory for the state of this resource',
    long: 'Directory for the file that tells that this resource is active. It must not survive a reboot.',
  },
];

/** The table of an agent. */
export function parametersOf(agent: OcfAgentName): readonly OcfParameter[] {
  return [...CLOUD, ...(agent === 'NovaEvacuate' ? EVACUATE : WAIT)];
}
