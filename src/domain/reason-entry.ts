/** How loud a reason is: `note` explains, `warning` is worth a look, `alert` needs a human. */
export type Severity = 'note' | 'warning' | 'alert';

/** An entry of the catalogue of reasons. */
export interface CatalogueEntry {
  readonly severity: Severity;
  /** The sentence, with `{name}` where a parameter stands. */
  readonly sentence: string;
  readonly remedy: string;
}
