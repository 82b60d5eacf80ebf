/** Where a value came from. */
export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly from: 'env'; readonly variable: string }
  | { readonly from: 'option'; readonly option: string };

/** An origin as it stands at the beginning of a message and in `config show`. */
export function showOrigin(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${String(origin.line)}:${String(origin.column)}`;
    case 'env':
      return origin.variable;
    case 'option':
      return origin.option;
  }
}

/** A value that somebody gave for a key, not checked yet. */
export interface Given {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
  /** Where a part of the value stands, when it is in a file. */
  readonly locate?: (path: readonly (string | number)[], at: 'name' | 'value') => Origin;
}
