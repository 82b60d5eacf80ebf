import type { Config, ConfigOutcome } from '../../config/config.ts';
import type { OptionValue } from '../../config/load.ts';
import type { ClusterConfiguration } from '../../domain/cluster.ts';
import type { Known } from '../../domain/known.ts';
import type { Policy } from '../../domain/policy.ts';
import type {
  Capacity,
  Chance,
  Clock,
  Compute,
  Fencing,
  Images,
  Log,
  Lookout,
  Mover,
  NodeWatch,
  Store,
  SwitchOff,
} from '../../engine/ports.ts';
import type { ExitName } from './exit.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  /** `--config`; null: NOVA_HA_CONFIG or the default place. */
  readonly config: string | null;
  /** What options say about keys of the configuration. */
  readonly settings: readonly OptionValue[];
}

/** OpenStack, or why it is out of reach and with which exit code that ends. */
export type CloudPart =
  | {
      readonly kind: 'ok';
      readonly compute: Compute;
      readonly images: Images;
      readonly mover: Mover;
      /** What is free on the hosts; absent where nobody can tell. */
      readonly capacity?: Capacity | undefined;
      readonly description: string;
      /** Signs in at Keystone; null when that worked. */
      signIn(): Promise<CloudProblem | null>;
      /** Signs in and looks at what the account may see. */
      check(): Promise<readonly CloudProblem[]>;
    }
  | { readonly kind: 'wrong'; readonly exit: ExitName; readonly message: string };

/** Something that keeps us from working with the cloud, or (a warning) may do so later. */
export interface CloudProblem {
  readonly severity: 'fatal' | 'warning';
  readonly exit: ExitName;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

/** What whoever supervises the worker is told: systemd, and the file that the OCF agent reads. */
export interface Supervision {
  ready(): void;
  /** A turn was completed; `needsHuman` counts the hosts that wait for a human. */
  turned(turn: { readonly status: string; readonly needsHuman: number }): void;
  /** The configuration is read again, until `reloaded`. */
  reloading(): void;
  reloaded(): void;
  stopping(): void;
}

/** A process that goes on after this one. */
export type BackgroundStart =
  | { readonly kind: 'started'; readonly ended: Promise<number | string>; readonly log: string }
  | { readonly kind: 'refused'; readonly why: string };

/** Who proves that hosts are off, and who switches them off. */
export interface FencingParts {
  readonly fencing: Fencing;
  /** Those that `fence.proof` believes, in its order. */
  readonly switches: readonly SwitchOff[];
  /** What Pacemaker sees beside the marks; null where there is no Pacemaker. */
  readonly lookout: Lookout | null;
  /** What Pacemaker says of the nodes; null where there is no Pacemaker. */
  readonly nodes: NodeWatch | null;
  readonly cluster: {
    configuration(): Promise<Known<ClusterConfiguration>>;
    /** The tool that is installed here. */
    readonly dialect: 'pcs' | 'crm';
  };
}

/** Everything a command works with. Nothing is contacted before it is used. */
export interface Parts extends FencingParts {
  readonly config: Config;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly store: Store;
  readonly supervision: Supervision;
  /** `ctl-1` and the like: the name of this machine. */
  readonly machine: string;
  /** The user whose process this is. */
  readonly user: string;
  cloud(): Promise<CloudPart>;
  /** What puts marks at risk although the store works, each with its remedy. */
  storeWarnings(): Promise<readonly string[]>;
  /** Starts this program again, detached, with the same configuration. */
  background(name: string, args: readonly string[]): BackgroundStart;
  close(): Promise<void>;
}

/** One key of the configuration as people read it. */
export interface SettingLine {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

/** What reading the configuration of a running worker again gave; wrong: the old one holds. */
export type Reload =
  | {
      readonly kind: 'ok';
      readonly config: Config;
      readonly policy: Policy;
      /** What changed, with its values as far as they are no secrets. */
      readonly taken: readonly string[];
      /** What changed and takes effect only after a restart. */
      readonly waiting: readonly string[];
    }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** The way from the command line to the parts; both are loaded only when a command needs them. */
export interface Doors {
  readonly version: string;
  loadConfig(options: GlobalOptions): Promise<ConfigOutcome>;
  reloadConfig(current: Config, options: GlobalOptions): Promise<Reload>;
  /** A `command` logs warnings only, unless log.level was given: its own words say what happened. */
  compose(config: Config, options: GlobalOptions, role: 'command' | 'worker'): Promise<Parts>;
  /** Every key with its value and its origin as text; secrets are masked. */
  describe(config: Config): Promise<readonly SettingLine[]>;
}
