/** What was given on standard input or on the command line, by the options' names. */
export interface Given {
  readonly values: ReadonlyMap<string, string>;
  /** Pacemaker's own name of the target, which `plug` may differ from (pcmk_host_map). */
  readonly nodename: string | null;
  /** Things that were ignored; sentences for standard error. */
  readonly warnings: readonly string[];
  /** Why the input cannot be used; null when it can. */
  readonly problem: string | null;
}

/** A text clipped and freed of control characters, fit for a line of standard error. */
export function shown(text: string, limit = 60): string {
  let clean = '';
  for (const character of text.slice(0, limit)) {
    const code = character.codePointAt(0) ?? 0;
    clean += code < 32 || (code >= 127 && code < 160) || code === 0xfffd ? '?' : character;
  }
  return text.length > limit ? `${clean}…` : clean;
}
