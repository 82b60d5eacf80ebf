import type { Cloud } from './cloud.ts';

/** How a management controller behaves. */
export type BmcBehaviour =
  | 'healthy'
  /** It does not answer. */
  | 'unreachable'
  /** It says yes and does nothing. */
  | 'stuck';

/** Answer of a management controller. */
export type BmcAnswer =
  | { readonly kind: 'power'; readonly power: 'on' | 'off' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'unknown-host' };

/** The management controllers of all hosts: the only power switch besides the operator's hand. */
export interface Bmc {
  status(host: string): BmcAnswer;
  /** Switches, and answers with the state that was asked for, as real ones do before it is reached. */
  set(host: string, power: 'on' | 'off'): BmcAnswer;
  setBehaviour(host: string, behaviour: BmcBehaviour): void;
}

/** Makes the controllers of a cloud. */
export function createBmc(cloud: Cloud): Bmc {
  const behaviours = new Map<string, BmcBehaviour>();
  const read = (host: string): BmcAnswer => {
    const found = cloud.world.hosts.get(host);
    if (found === undefined) return { kind: 'unknown-host' };
    if (behaviours.get(host) === 'unreachable') return { kind: 'unreachable' };
    return { kind: 'power', power: found.machine === 'off' ? 'off' : 'on' };
  };
  return {
    status: read,
    set: (host, power) => {
      const answer = read(host);
      if (answer.kind !== 'power') return answer;
      if (behaviours.get(host) === 'stuck') return { kind: 'power', power };
      if (power === 'off') cloud.powerOff(host);
      else cloud.powerOn(host);
      return { kind: 'power', power };
    },
    setBehaviour: (host, behaviour) => {
      behaviours.set(host, behaviour);
    },
  };
}
