import type { HttpRequest } from './exchange.ts';

const SECRET_HEADERS = /^(x-auth-token|x-subject-token|x-service-token|authorization|cookie)$/i;
const SECRET_KEYS = /password|secret|passcode|adminpass/i;

/** The secrets that a request carries: tokens in headers, passwords and token ids in the body. */
export function secretsOf(request: HttpRequest): readonly string[] {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (SECRET_HEADERS.test(name)) found.add(value);
  }
  collect(request.json, '', found);
  found.delete('');
  // The longest first: a password may be part of another secret.
  return [...found].sort((a, b) => b.length - a.length);
}

function collect(value: unknown, path: string, found: Set<string>): void {
  if (typeof value === 'string') {
    if (SECRET_KEYS.test(path.split('.').at(-1) ?? '') || path.endsWith('.token.id')) {
      found.add(value);
    }
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) collect(inner, `${path}.${key}`, found);
}

/** Strikes the secrets out of a text, also where they stand escaped inside JSON or a URL. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    for (const form of new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
    ])) {
      clean = clean.replaceAll(form, '***');
    }
  }
  return clean;
}
