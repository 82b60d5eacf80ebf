import type { FenceProof } from '../domain/mark.ts';
import { known, unknown } from '../domain/known.ts';
import type { Clock, Fencing } from '../engine/ports.ts';

/**
 * Several sources of fence proofs as one: the newest proof wins. Unknown only when no source has a
 * proof and at least one could not be asked: such a host may be off, but nobody could say so.
 */
export function createFencing(deps: {
  readonly sources: readonly Fencing[];
  readonly clock: Clock;
}): Fencing {
  return {
    proof: async (host, mark) => {
      const answers = await Promise.all(deps.sources.map((source) => source.proof(host, mark)));
      const proofs = answers
        .map((answer) => (answer.kind === 'known' ? answer.value : null))
        .filter((proof): proof is FenceProof => proof !== null)
        .sort((a, b) => b.at - a.at);
      const silent = answers.flatMap((answer) => (answer.kind === 'unknown' ? [answer.why] : []));
      if (proofs.length === 0 && silent.length > 0) return unknown(silent.join('; '));
      return known(proofs[0] ?? null, deps.clock.now());
    },
  };
}
