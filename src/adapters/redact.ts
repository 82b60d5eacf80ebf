const MASK = '(secret)';

// What a secret looks like wherever it turns up: Fernet tokens, JSON and YAML values, URLs, headers.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\bgAAAA[\w=-]{20,}/g, MASK],
  [/(x-(?:auth|subject|service)-token["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, `$1${MASK}`],
  [
    /("?(?:password|secret|passwd|application_credential_secret)"?\s*[:=]\s*)("[^"]*"|[^\s,}&]+)/gi,
    `$1${MASK}`,
  ],
  [/(\w:\/\/[^:@/\s]*):[^@/\s]+@/g, `$1:${MASK}@`],
];

const NAMES =
  /^(x-(auth|subject|service)-token|authorization|token|password|passwd|secret|adminpass)$/i;

/** A text without tokens, passwords and the like, as far as they can be recognised. */
export function redactText(text: string): string {
  return PATTERNS.reduce((clean, [pattern, mask]) => clean.replace(pattern, mask), text);
}

/**
 * The fields of a log line without secrets. Errors are reduced to name and message: those of axios
 * carry the whole request with its token.
 */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      NAMES.test(name) ? MASK : clean(value, 0),
    ]),
  );
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return { name: value.name, message: redactText(value.message) };
  if (depth > 4) return '…';
  if (Array.isArray(value)) return value.map((entry) => clean(entry, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      NAMES.test(name) ? MASK : clean(entry, depth + 1),
    ]),
  );
}
