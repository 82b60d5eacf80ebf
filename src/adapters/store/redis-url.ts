/** What `store.redis.url` says. */
export interface RedisUrl {
  /** Where: a socket, or a host (in brackets when it is an IPv6 address) with its port. */
  readonly place: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly isTls: boolean;
  readonly username: string | null;
  readonly password: string | null;
  /** Null when it names none. */
  readonly db: number | null;
}

/** Reads the URL; throws an error with a sentence about what is wrong, without the password. */
export function readRedisUrl(text: string): RedisUrl {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['redis:', 'rediss:', 'unix:'].includes(url.protocol)) {
    throw new Error(
      'store.redis.url must look like redis://host:6379/0, rediss://host or unix:///path',
    );
  }
  const isSocket = url.protocol === 'unix:';
  return {
    place: isSocket ? { path: pathOf(url) } : hostOf(url),
    isTls: url.protocol === 'rediss:',
    username: decoded(url.username) || null,
    password: decoded(url.password) || null,
    db: databaseOf(url, isSocket),
  };
}

function pathOf(url: URL): string {
  const path = decoded(url.pathname);
  if (url.hostname === '') return path;
  throw new Error(
    `store.redis.url needs a path with three slashes: unix:///${url.hostname}${path}`,
  );
}

function hostOf(url: URL): { readonly host: string; readonly port: number } {
  if (url.hostname === '') throw new Error('store.redis.url names no host: redis://host:6379/0');
  return { host: url.hostname, port: url.port === '' ? 6379 : Number(url.port) };
}

function databaseOf({ pathname, search, searchParams }: URL, isSocket: boolean): number | null {
  const inQuery = searchParams.get('db');
  if (search !== '' && (!isSocket || inQuery === null || searchParams.size > 1)) {
    const number = inQuery === null ? '0' : inQuery;
    throw new Error(
      `store.redis.url: ${quoted(search)} is not understood: a database is written ${isSocket ? `unix:///path?db=${number}` : `redis://host:6379/${number}`}`,
    );
  }
  const text = isSocket ? (inQuery ?? '') : pathname.slice(1);
  if (text === '') return null;
  if (!/^\d+$/.test(text)) {
    throw new Error(`store.redis.url: ${quoted(text)} is no database number`);
  }
  return Number(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('store.redis.url: a "%" in user, password or path must be written %25');
  }
}

/** Nothing of a password: one with a "/" or "?" in it ends the address too early, some put it behind. */
const quoted = (text: string): string =>
  text.includes('@')
    ? 'what follows the address (in a password "/" is written %2F, "?" %3F)'
    : JSON.stringify(text.replace(/([?&](?!db=)[^&=]*=)[^&]*/g, '$1…'));
