/** How long things take in a simulated cloud; all in milliseconds. */
export interface Timings {
  /** From the accepted POST until the conductor has picked it up. */
  readonly conductorMs: number;
  /** From there until the scheduler has chosen a destination. */
  readonly schedulerMs: number;
  /** Claim of resources on the destination. */
  readonly claimMs: number;
  /** Ports, volumes and block devices, before the guest is built. */
  readonly prepareMs: number;
  /** Building the guest; a function gives another value per host. */
  readonly spawnMs: number | ((host: string) => number);
  /** From the running guest until its state is saved. */
  readonly saveMs: number;
  /** From vm_state active (still on the source) until the host is changed and the record is done. */
  readonly finishMs: number;
  /** From the failed record until the fault is written: the allocation is removed in between. */
  readonly faultMs: number;
  /** Stopping a guest. */
  readonly stopMs: number;
  /** Nova's [DEFAULT]report_interval. */
  readonly reportIntervalMs: number;
  /** First report after the start of a service. */
  readonly firstReportMs: number;
  /** Nova's [DEFAULT]service_down_time. */
  readonly serviceDownTimeMs: number;
  /** From the start of nova-compute until it has removed evacuated guests. */
  readonly cleanupMs: number;
  /** Time-out of a synchronous call to a service that does not answer. */
  readonly rpcResponseTimeoutMs: number;
  /** Period of update_available_resource, which carries the disabled trait to placement. */
  readonly resourceUpdateMs: number;
  /** Period of the power state synchronisation. */
  readonly powerSyncMs: number;
  /** From power on until the operating system starts its services. */
  readonly bootMs: number;
  /** Life of a Keystone token. */
  readonly tokenLifetimeMs: number;
}

/** The defaults: Nova's own where it has one, else those of a small healthy cloud. */
export const DEFAULT_TIMINGS: Timings = {
  conductorMs: 100,
  schedulerMs: 200,
  claimMs: 100,
  prepareMs: 500,
  spawnMs: 3_000,
  saveMs: 50,
  finishMs: 300,
  faultMs: 300,
  stopMs: 500,
  reportIntervalMs: 10_000,
  firstReportMs: 5_000,
  serviceDownTimeMs: 60_000,
  cleanupMs: 3_000,
  rpcResponseTimeoutMs: 60_000,
  resourceUpdateMs: 60_000,
  powerSyncMs: 600_000,
  bootMs: 60_000,
  tokenLifetimeMs: 3_600_000,
};

/**
 * A time as Nova writes it in services, migrations and instance actions: UTC without saying so.
 * The database keeps whole seconds: two changes within one cannot be told apart.
 */
export function naiveTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}.000000`;
}

/** A time as Nova writes it in servers: whole seconds with a Z. */
export function zuluTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** A time as Keystone writes it. */
export function keystoneTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 23)}000Z`;
}
