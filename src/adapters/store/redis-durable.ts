import type { RedisClient, RedisConnection, Reply } from './redis-connection.ts';

/** The answer of a script: its own word first, then the number of live replicas, then what it tells. */
export interface ScriptAnswer {
  readonly word: string;
  readonly detail: string;
  /** False when there are live replicas and none has confirmed in time. */
  readonly isDurable: boolean;
}

/** A script of ours with its keys (one hash tag) and arguments; ARGV[1] is put before them. */
export interface ScriptCall {
  readonly script: string;
  readonly keys: readonly [string, ...string[]];
  readonly argv: readonly (string | number)[];
}

/** Runs scripts that change something, and waits for a replica where there are some. */
export type RunDurably = (call: ScriptCall) => Promise<Reply<ScriptAnswer>>;

/** Below the time-out of commands, so that a missing confirmation is told as such. */
const WAIT_MS = 1000;
const ATTEMPTS = 4;

/**
 * Redis acknowledges before its replicas have anything, so a failover may forget what was
 * acknowledged. The script is therefore followed by WAIT in one pipeline: on the same connection,
 * without which WAIT tells nothing. Whether there are replicas is remembered by key; the script says
 * when that is wrong.
 */
export function createDurable(connection: RedisConnection): RunDurably {
  const replicated = new Map<string, boolean>();

  return async (call) => {
    const key = call.keys[0];
    for (let attempt = 1; ; attempt += 1) {
      const waits = replicated.get(key) ?? false;
      const reply = await connection.run((client) => pipeline(client, call, waits));
      if (reply.kind !== 'reply') return reply;
      const { word, replicas, detail, confirmed } = reply.value;
      if (word !== 'moved') replicated.set(key, replicas > 0);
      const isAnswer = word !== 'moved' && word !== 'wait';
      if (isAnswer) {
        const isDurable = replicas === 0 || confirmed > 0;
        return { kind: 'reply', value: { word, detail, isDurable } };
      }
      if (attempt === ATTEMPTS) {
        const why = 'Redis is changing its masters and replicas: it is tried again';
        return { kind: 'denied', cause: 'not-sent', why };
      }
    }
  };
}

interface Piped {
  readonly word: string;
  readonly replicas: number;
  readonly detail: string;
  readonly confirmed: number;
}

async function pipeline(client: RedisClient, call: ScriptCall, waits: boolean): Promise<Piped> {
  const { script, keys, argv } = call;
  const commands = client.pipeline().eval(script, keys.length, ...keys, waits ? '1' : '0', ...argv);
  if (waits) commands.wait(1, WAIT_MS);
  const results = await commands.exec();
  const [error, value] = results?.[0] ?? [new Error('Connection is closed.'), null];
  if (error !== null) {
    if (!client.isCluster || !/^(?:MOVED|ASK) /.test(error.message)) throw error;
    // The library does not follow a redirection when WAIT was carried out. A single command it does.
    await client.exists(keys[0]);
    return { word: 'moved', replicas: 0, detail: '', confirmed: 0 };
  }
  const [word, replicas, detail] = value as [string, number, (string | number)?];
  const confirmed = results?.[1]?.[1];
  return {
    word,
    replicas,
    detail: String(detail ?? ''),
    confirmed: typeof confirmed === 'number' ? confirmed : 0,
  };
}
