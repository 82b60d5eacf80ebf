import { secondsOption, switchOption, textOption, type FenceOption } from './option.ts';

/** The options that say which cloud, which store and which host. */
export const CLOUD_OPTIONS: readonly FenceOption[] = [
  textOption('action', 'o [action]', 'What to do', { required: true, default: 'off' }),
  textOption('plug', 'n [id]', 'The compute host (or the Pacemaker node) to act on', {
    older: ['port'],
    required: true,
    note: 'Several hosts are separated by plug_separator. Without it, nodename is taken.',
  }),
  textOption('config', '[path]', 'Configuration file of nova-ha', {
    ours: true,
    default: '/etc/nova-ha/config.yaml',
    note: 'The store is configured there; options given to the agent win over it.',
  }),
  textOption(
    'store',
    '[store]',
    'Where marks are kept: file[:DIRECTORY], redis, a redis:// URL or pacemaker',
    {
      ours: true,
      note: 'The default is what the configuration file says. A Redis password belongs there, never here.',
    },
  ),
  textOption('cloud', '[name]', 'Name of the cloud in clouds.yaml', {
    ours: true,
    note: 'An alternative to auth_url and the other credentials.',
  }),
  textOption('auth_url', 'k [url]', 'URL of Keystone (identity v3)', {
    default: '',
    note: 'Without it the credentials of the configuration file are used.',
  }),
  textOption('username', 'l [name]', 'Name of the OpenStack user', { older: ['login'] }),
  textOption('password', 'p [password]', 'Password of the OpenStack user', {
    older: ['passwd'],
    note: 'Better on standard input, by password_script or in the configuration file than on a command line.',
  }),
  textOption('password_script', 'S [script]', 'Command that prints the password', {
    older: ['passwd_script'],
    note: 'Run by /bin/sh; it has 7 seconds.',
  }),
  textOption('tenant_name', 't [name]', 'Project (tenant) to sign in to', { default: '' }),
  textOption('user_domain', 'u [name]', 'Keystone domain of the user', {
    older: ['user-domain'],
    default: 'Default',
  }),
  textOption('project_domain', 'P [name]', 'Keystone domain of the project', {
    older: ['project-domain'],
    default: 'Default',
  }),
  textOption('region_name', '[region]', 'Region whose Nova is meant', { default: '' }),
  textOption(
    'endpoint_type',
    'e [endpoint]',
    'Interface of the catalogue: publicURL, internalURL or adminURL',
    {
      default: 'internalURL',
    },
  ),
  switchOption('insecure', '', 'Do not verify TLS certificates', {
    note: 'insecure=0 on standard input means: do verify (fence_compute takes any value as yes).',
  }),
  textOption('cacert', '[path]', 'File with the CA certificates to trust', { ours: true }),
  textOption(
    'domain',
    'd [string]',
    'DNS domain of the hosts, when the cluster has short names and Nova full ones',
    {
      note: 'Seldom needed: Nova is asked how it spells the host; this is for when Nova is away.',
    },
  ),
  textOption('compute_domain', '[string]', 'Older name of domain', {
    older: ['compute-domain'],
    note: 'Works as domain (fence_compute loses the domain when this is given).',
  }),
  switchOption('no_shared_storage', '', 'Taken, without effect', {
    default: 'False',
    note: 'The worker decides by storage.kind in the configuration file.',
  }),
  textOption('record_only', 'r [mode]', 'Taken, without effect', {
    default: 'False',
    only: 'fence_nova',
    note: 'The host is marked and isolated whatever it says. fence_compute answers success without doing anything to 2 or Disabled, and Pacemaker believes the host fenced; here it is marked all the same, with a warning.',
  }),
  switchOption('instance_filtering', '', 'Taken, without effect', {
    default: 'True',
    note: 'Which instances are evacuated is the policy of the worker.',
  }),
  secondsOption('retry_timeout', '45', 'How long a store that is away is tried again', {
    ours: true,
    note: 'Keep it, and isolate_timeout together, below the time-out of the device (pcmk_off_timeout, 60 s).',
  }),
  secondsOption(
    'isolate_timeout',
    '5',
    'How long Nova may take to disable the host and force it down',
    {
      ours: true,
      note: 'After the mark is safe. The worker isolates the host when the agent could not.',
    },
  ),
  secondsOption('settle_timeout', '20', 'How long "on" waits until the evacuation is settled', {
    ours: true,
    note: 'Keep it short, and below pcmk_on_timeout (60 s): Pacemaker calls again, and under load it does nothing else meanwhile.',
  }),
  switchOption('wait', '', 'Wait after "off" until the evacuation is settled', {
    ours: true,
    only: 'fence_nova_evacuate',
    default: '0',
    note: 'At most settle_timeout.',
  }),
];
