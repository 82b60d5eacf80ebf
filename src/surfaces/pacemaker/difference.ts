/** A difference between what the cluster does and what evacuations need. */
export interface Difference {
  /** `unsafe`: guests may run twice; `broken`: hosts are not evacuated or do not come back; `slow`: later than need be. */
  readonly severity: 'unsafe' | 'broken' | 'slow';
  readonly what: string;
  readonly consequence: string;
  readonly remedy: string;
}
