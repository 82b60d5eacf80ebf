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
  const userInfo = /^[a-z]+:\/\/([^/]*)@/i.exec(request.url)?.[1];
  if (userInfo !== undefined) {
    found.add(userInfo).add(Buffer.from(userInfo).toString('base64'));
  }
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
    const inJson = escaped(secret);
    // An echo of the request inside a message inside a body is escaped three times.
    for (const form of new Set([
      escaped(escaped(inJson)),
      escaped(inJson),
      inJson,
      encodeURIComponent(secret),
      secret,
    ])) {
      clean = clean.replaceAll(form, '***');
    }
  }
  return clean;
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);
