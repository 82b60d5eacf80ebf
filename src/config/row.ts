import type { ValueKind } from './values.ts';

/** One key of the configuration. */
export interface Row<T> {
  readonly kind: ValueKind<Exclude<T, null>>;
  /** What holds when nobody says anything; null: nothing does. */
  readonly fallback: T;
  /** The default in words, where it is not a fixed value. */
  readonly fallbackText: string | null;
  /** One sentence for the documentation. */
  readonly meaning: string;
  /** Never shown, and refused on the command line, where every user could read it. */
  readonly secret: boolean;
}

/** A key with a default. */
export const row = <T>(kind: ValueKind<T>, fallback: NoInfer<T>, meaning: string): Row<T> => ({
  kind: kind as ValueKind<Exclude<T, null>>,
  fallback,
  fallbackText: null,
  meaning,
  secret: false,
});

/** A key that may stay unset; `fallbackText` says what happens then. */
export const optional = <T>(
  kind: ValueKind<T>,
  meaning: string,
  fallbackText: string | null = null,
): Row<T | null> => ({
  kind: kind as ValueKind<Exclude<T, null>>,
  fallback: null,
  fallbackText,
  meaning,
  secret: false,
});

/** A key whose value is nobody's business. */
export const secret = (kind: ValueKind<string>, meaning: string): Row<string | null> => ({
  ...optional(kind, meaning),
  secret: true,
});

/** A key of which a part may be a secret: `show` of its kind leaves that out. */
export const guarded = <T>(open: Row<T>): Row<T> => ({ ...open, secret: true });
