import type { Known } from '../../domain/known.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';

/** Small texts by name that survive the loss of any node, with a compare-and-set. */
export interface SharedTable {
  read(): Promise<Known<ReadonlyMap<string, string>>>;
  /** `from: null` means that there must be no entry; refused with `wrong-state` when that is not so. */
  swap(name: string, from: string | null, to: string): Promise<WriteOutcome<null>>;
}

/** Node attributes: quick, seen by old tools, and lost with the node. */
export interface NodeAttributes {
  all(name: string): Promise<Known<ReadonlyMap<string, string>>>;
  set(name: string, value: string, node?: string): Promise<WriteOutcome<null>>;
  here(): Promise<Known<{ readonly node: string; readonly quorum: boolean }>>;
}
