import type { HostName, InstanceId } from './ids.ts';

/** An instance as `GET /servers/detail` shows it to an administrator. */
export interface Instance {
  readonly id: InstanceId;
  readonly name: string;
  readonly projectId: string;
  /** `OS-EXT-SRV-ATTR:host`; null for an instance that never got one. */
  readonly host: HostName | null;
  readonly vmState: string;
  readonly taskState: string | null;
  /** Nova's number: 0 none, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended. */
  readonly powerState: number;
  /** False when the root disk is a volume (`image` is the empty string). */
  readonly imageBacked: boolean;
  readonly imageId: string | null;
  readonly flavor: {
    readonly name: string;
    readonly vcpus: number;
    readonly ramMib: number;
    readonly diskGib: number;
    readonly ephemeralGib: number;
    readonly swapMib: number;
    readonly extraSpecs: Readonly<Record<string, string>>;
    /** Set when Nova's policy hides them: then nobody knows whether there are any. */
    readonly extraSpecsHidden?: true;
  };
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly locked: boolean;
  readonly lockedReason: string | null;
  readonly availabilityZone: string | null;
  /** `OS-SRV-USG:launched_at`; Nova refuses to evacuate an instance that was never launched. */
  readonly launched: boolean;
  /** The message of the last fault; Nova shows it only in status ERROR or DELETED. */
  readonly fault: string | null;
  /** When that fault was written, by Nova's clock; it may be left from an earlier failure. */
  readonly faultAt: string | null;
  readonly createdAt: string;
}

/** A server group and the members that Nova counts for it. */
export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  readonly members: readonly InstanceId[];
}
