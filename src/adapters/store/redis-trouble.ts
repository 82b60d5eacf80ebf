import type { RefusalCause } from '../../domain/outcome.ts';

/** Why Redis certainly did nothing, as a sentence fragment with its remedy. */
export interface Denial {
  readonly cause: RefusalCause;
  readonly why: string;
}

/** The first word of Redis' error replies: what it means for us and what helps. */
const REPLIES: Readonly<Record<string, Denial>> = {
  NOAUTH: {
    cause: 'authentication',
    why: 'Redis wants a password: set store.redis.password or password_file',
  },
  WRONGPASS: {
    cause: 'authentication',
    why: 'Redis refuses user name or password: check store.redis.username and password',
  },
  NOPERM: {
    cause: 'forbidden',
    why: 'the Redis user lacks a right: give it ~<prefix>:* &<prefix>:* +@all -@admin +config|get +info',
  },
  READONLY: {
    cause: 'not-sent',
    why: 'this Redis is a read-only replica: name the master, or use Sentinels, which know it',
  },
  LOADING: { cause: 'not-sent', why: 'Redis is loading its data: it answers when it is done' },
  MASTERDOWN: {
    cause: 'not-sent',
    why: 'this Redis is a replica without master: name the master, or use Sentinels',
  },
  BUSY: {
    cause: 'not-sent',
    why: 'Redis is busy with a long script of somebody: SCRIPT KILL ends it',
  },
  OOM: {
    cause: 'not-sent',
    why: 'Redis has used up maxmemory: raise it or delete what is not needed',
  },
  MISCONF: {
    cause: 'not-sent',
    why: 'Redis cannot save to its disk and takes no writes: see its log, mend the disk',
  },
  NOREPLICAS: {
    cause: 'not-sent',
    why: 'too few replicas for min-replicas-to-write: bring the replicas back',
  },
  CLUSTERDOWN: {
    cause: 'not-sent',
    why: 'the Redis Cluster is down or not all slots are served: see redis-cli cluster info',
  },
  TRYAGAIN: { cause: 'not-sent', why: 'the Redis Cluster is moving this slot: it is tried again' },
  MOVED: { cause: 'not-sent', why: 'this Redis belongs to a Cluster: use store.redis.cluster' },
  ASK: { cause: 'not-sent', why: 'the Redis Cluster is moving this slot: it is tried again' },
  CROSSSLOT: {
    cause: 'unsupported',
    why: 'this Redis belongs to a Cluster: use store.redis.cluster',
  },
  WRONGTYPE: {
    cause: 'bad-request',
    why: 'a key of ours holds something else: choose another store.redis.prefix, or delete that key',
  },
  FOREIGN: {
    cause: 'bad-request',
    why: 'a key of ours holds something else: choose another store.redis.prefix, or delete that key',
  },
};

/**
 * The word by which an error reply tells what it is. Redis before 7 wraps what a command in a script
 * was answered: `ERR Error running script (call to f_…): @user_script:17: -READONLY You can't write …`.
 */
export function replyCodeOf(message: string): string {
  const wrapped = /^ERR Error running script .*?: -?([A-Z]{2,})\b/.exec(message);
  return (wrapped ?? /^(?:ERR )?([A-Z]+)\b/.exec(message))?.[1] ?? '';
}

/** What an error reply of Redis says; null when the error is no reply, so the outcome is open. */
export function denialOf(error: unknown): Denial | null {
  if (!(error instanceof Error)) return null;
  const known = REPLIES[replyCodeOf(error.message)];
  if (known !== undefined) return known;
  if (error.message.includes('enableOfflineQueue')) {
    return { cause: 'not-sent', why: 'the connection to Redis is down' };
  }
  if (error.name !== 'ReplyError') return null;
  if (/invalid password|AUTH.*without any password/i.test(error.message)) {
    return { cause: 'authentication', why: `Redis says: ${error.message}` };
  }
  return { cause: 'bad-request', why: `Redis says: ${error.message}` };
}

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start Redis or correct the address',
  ENOTFOUND: 'the name does not resolve: correct it',
  EAI_AGAIN: 'the name server does not answer',
  ENOENT: 'there is no such socket: start Redis or correct the path',
  EACCES: 'permission denied: add this user to the group of the socket',
  EHOSTUNREACH: 'no route to that host',
  ENETUNREACH: 'no route to that network',
  ETIMEDOUT: 'no answer: is a firewall between?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: set store.redis.tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate authority is unknown: set store.redis.tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate authority is unknown: set store.redis.tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate authority is unknown: set store.redis.tls.ca',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate names another host: use the name in it',
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  EPROTO: 'no TLS there: check the port, and whether this Redis speaks TLS (rediss://)',
};

/** Why a connection does not stand, as a sentence fragment. */
export function connectionTrouble(error: unknown): string {
  const denial = denialOf(error);
  if (denial !== null) return denial.why;
  if (!(error instanceof Error)) return 'no answer in time';
  const inner = 'lastNodeError' in error ? error.lastNodeError : null;
  if (inner instanceof Error) return connectionTrouble(inner);
  if (error.message.startsWith(NO_SENTINEL)) return sentinelTrouble(error.message);
  if (error.message === CLOSED) return 'no connection stands: start Redis or correct the address';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const remedy = REMEDIES[code];
  return remedy === undefined ? error.message : `${remedy} (${code})`;
}

const NO_SENTINEL = 'All sentinels are unreachable';

/** The library says the same whether no Sentinel answers or those that do know no such master. */
function sentinelTrouble(message: string): string {
  const last = /Last error: (.*)$/.exec(message)?.[1] ?? 'no such master';
  if (/no such master/i.test(last)) {
    return 'the Sentinels know no such master: correct store.redis.master ("redis-cli -p 26379 sentinel masters" lists theirs)';
  }
  const said = last === CLOSED ? '' : ` (${last.replace(/\.$/, '')})`;
  return `no Sentinel answers: start them, or correct store.redis.sentinels${said}`;
}

const CLOSED = 'Connection is closed.';
