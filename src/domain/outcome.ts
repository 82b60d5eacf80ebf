/**
 * What a write gave us. `applied`: the other side said so. `refused`: it certainly did not happen.
 * `uncertain`: the request may have been carried out (time-out, reset, 5xx after it was sent); only
 * an observation settles it, and it is never blindly repeated.
 */
export type WriteOutcome<T> =
  | { readonly kind: 'applied'; readonly value: T }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'uncertain'; readonly why: string };

/** Why a request was certainly not carried out. */
export interface Refusal {
  readonly cause: RefusalCause;
  /** The HTTP status, or null when nothing was sent. */
  readonly status: number | null;
  /** The other side's own words, redacted. */
  readonly message: string;
}

/**
 * The causes that decisions differ on:
 * `not-sent` refused connection, DNS, TLS before sending; `authentication` 401 after renewal;
 * `forbidden` 403; `not-found` 404 (of the instance or service); `target-not-found` 404 of the named
 * destination; `service-up` 400 "still in use"; `wrong-state` 409; `guard` 400 "done evacuation
 * migration records remain"; `unsupported` 400 NotSupported family; `too-many` 413/429; `not-nova`
 * a 3xx or 4xx of something before Nova, which says nothing about the request; `gave-way` we kept it
 * back ourselves, for another host sent a member of its group in the same moment; `bad-request` every
 * other 4xx.
 */
export type RefusalCause =
  | 'not-sent'
  | 'authentication'
  | 'forbidden'
  | 'not-found'
  | 'target-not-found'
  | 'service-up'
  | 'wrong-state'
  | 'guard'
  | 'unsupported'
  | 'too-many'
  | 'not-nova'
  | 'gave-way'
  | 'bad-request';

/** A write that took effect. */
export const applied = <T>(value: T): WriteOutcome<T> => ({ kind: 'applied', value });

/** A write that certainly did not take effect. */
export const refused = (
  cause: RefusalCause,
  message: string,
  status: number | null = null,
): WriteOutcome<never> => ({ kind: 'refused', refusal: { cause, status, message } });

/** A write of which we do not know whether it took effect. */
export const uncertain = (why: string): WriteOutcome<never> => ({ kind: 'uncertain', why });
