import type { ServiceChange } from './host.ts';
import type { HostName, InstanceId } from './ids.ts';

/** What a decision wants done, as data; performed only after the decision is durable. */
export type Action =
  | { readonly do: 'change-service'; readonly service: string; readonly change: ServiceChange }
  | {
      readonly do: 'evacuate';
      readonly instance: InstanceId;
      readonly attempt: number;
      readonly target: HostName | null;
    }
  | { readonly do: 'stop'; readonly instance: InstanceId };
