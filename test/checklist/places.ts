/** A test that holds a promise: its file below `test`, and words of its name. */
export type Place = readonly [file: string, name: string];

/** Where a line is held to, or why it is none of ours. */
export type Held =
  readonly [line: string, ...places: Place[]] | readonly [line: string, why: string];
