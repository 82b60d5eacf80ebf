/** The two OCF agents. */
export type OcfAgentName = 'NovaEvacuate' | 'NovaComputeWait';

/** One parameter of an OCF agent: environment, metadata, usage and README are made from these rows. */
export interface OcfParameter {
  /** It comes as the environment variable `OCF_RESKEY_<name>`. */
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'integer';
  readonly default: string;
  readonly short: string;
  readonly long: string;
  /** True for those that the classic agents do not have. */
  readonly ours: boolean;
}

/** The exit codes of the OCF resource agent API that our agents use. */
export const OCF = {
  success: 0,
  generic: 1,
  arguments: 2,
  unimplemented: 3,
  installed: 5,
  configured: 6,
  notRunning: 7,
  degraded: 190,
} as const;
