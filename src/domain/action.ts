import type { Service, ServiceChange } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';

/** What of a service an operator may have changed since it was looked at. */
export type Expected = Pick<Service, 'status' | 'disabledReason'>;

/** A service as it was looked at. */
export const expected = ({ status, disabledReason }: Service): Expected => ({
  status,
  disabledReason,
});

/** What a decision wants done, as data; performed only after the decision is durable. */
export type Action =
  | {
      readonly do: 'change-service';
      readonly service: string;
      readonly change: ServiceChange;
      /** Asked for only while the service is like this; absent: whatever it is by then. */
      readonly expected?: Expected;
    }
  | {
      readonly do: 'evacuate';
      readonly instance: InstanceId;
      readonly attempt: number;
      readonly target: HostName | null;
      /** Set when it shall come out stopped, where the cloud can do that (2.95). */
      readonly stopped?: true;
    }
  /** os-resetState to error, so that Nova evacuates what is paused, suspended or rescued. */
  | { readonly do: 'reset-state'; readonly instance: InstanceId; readonly attempt: number }
  /** Rebuild on its new host, from its snapshot. */
  | {
      readonly do: 'rebuild';
      readonly instance: InstanceId;
      readonly attempt: number;
      readonly image: string;
    }
  | { readonly do: 'stop'; readonly instance: InstanceId }
  /** Enables a reserved host that is claimed, or disables it again. */
  | {
      readonly do: 'change-reserve';
      readonly host: HostName;
      readonly service: string;
      readonly change: ServiceChange;
      readonly expected?: Expected;
    }
  | { readonly do: 'join-aggregate'; readonly host: HostName; readonly aggregate: number }
  | { readonly do: 'leave-aggregate'; readonly host: HostName; readonly aggregate: number };
