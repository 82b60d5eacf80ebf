import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import { unreadable, type Summary } from '../../domain/summary.ts';
import type { Instant } from '../../domain/time.ts';
import type { HistoryEntry, Store, Stored } from '../../engine/ports.ts';
import { damageText, decodeHistory, decodeRecord, decodeSummary, type Damage } from './codec.ts';
import type { RedisClient, RedisConnection } from './redis-connection.ts';

/** The names of our keys. */
export interface RedisNames {
  readonly hosts: string;
  readonly history: string;
  readonly switches: string;
  record(host: HostName): string;
  lease(host: HostName): string;
}

const PAGE = 500;

interface Reader {
  readonly connection: RedisConnection;
  readonly names: RedisNames;
  readonly now: () => Instant;
}

/** The reading side of the store in Redis; reads go to masters only. */
export function createRedisReads(reader: Reader): Pick<Store, 'read' | 'list' | 'history'> {
  return {
    list: () => list(reader),
    read: (host) => read(reader, host),
    history: (filter) => history(reader, filter),
  };
}

async function list(reader: Reader): Promise<Known<readonly Summary[]>> {
  const { connection, names } = reader;
  const at = reader.now();
  const reply = await connection.run(async (client) => {
    const hosts = (await client.smembers(names.hosts)) as HostName[];
    const rows = hosts.map(async (host) => {
      if (hostNameProblem(host) !== null) return { host, fields: 'foreign' as const };
      const fields = await fieldsOf(client, names.record(host), 'version', 'summary');
      return { host, fields };
    });
    return Promise.all(rows);
  });
  if (reply.kind !== 'reply') return unknown(reply.why);
  const summaries: Summary[] = [];
  for (const { host, fields } of reply.value) {
    if (fields === 'foreign') {
      summaries.push(unreadable(host, foreignWords(names, host)));
      continue;
    }
    const [version, text] = fields;
    // Only a lease was taken, or the first write did not follow the entry in the index.
    if (version == null && text == null) continue;
    const summary = decodeSummary(text ?? '', host);
    summaries.push(
      summary.kind === 'damaged'
        ? unreadable(host, damageWords(names.record(host), summary))
        : summary.value,
    );
  }
  return known(summaries, at);
}

async function read(reader: Reader, host: HostName): Promise<Known<Stored | null>> {
  const key = reader.names.record(host);
  const at = reader.now();
  const reply = await reader.connection.run((client) =>
    fieldsOf(client, key, 'version', 'epoch', 'record'),
  );
  if (reply.kind !== 'reply') return unknown(reply.why);
  if (reply.value === 'foreign') return damaged(key, { problem: 'it is no hash' });
  const [version, epoch, text] = reply.value;
  if (version == null && text == null) return known(null, at);
  const counters = { version: Number(version), epoch: Number(epoch ?? 0) };
  if (!(counters.version > 0) || !(counters.epoch >= 0)) {
    return damaged(key, { problem: 'its version or epoch is no number' });
  }
  const record = decodeRecord(text ?? '', host);
  if (record.kind === 'damaged') return damaged(key, record);
  return known({ ...counters, evacuation: record.value }, at);
}

async function history(
  reader: Reader,
  filter: { readonly host?: HostName; readonly limit: number },
): Promise<Known<readonly HistoryEntry[]>> {
  const { host, limit } = filter;
  const at = reader.now();
  const reply = await reader.connection.run(async (client) => {
    const found: HistoryEntry[] = [];
    let end = '+';
    while (found.length < limit) {
      const page = await client.xrevrange(reader.names.history, end, '-', 'COUNT', PAGE);
      for (const [, [, line]] of page) {
        const decoded = decodeHistory(line ?? '');
        if (decoded.kind === 'damaged') continue;
        if (host === undefined || decoded.value.host === host) found.push(decoded.value);
      }
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < PAGE) break;
      end = `(${last}`;
    }
    return found.slice(0, limit);
  });
  return reply.kind === 'reply' ? known(reply.value, at) : unknown(reply.why);
}

/** Fields of a hash; `foreign` when the key holds something else. */
export async function fieldsOf(
  client: RedisClient,
  key: string,
  ...fields: string[]
): Promise<readonly (string | null)[] | 'foreign'> {
  try {
    return await client.hmget(key, ...fields);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return 'foreign';
    throw error;
  }
}

const damageWords = (key: string, damage: Damage): string =>
  damageText(
    `the key ${key}`,
    damage,
    'stop the workers and delete that key: its mark is then rebuilt from Nova',
  );

const foreignWords = (names: RedisNames, host: HostName): string =>
  hostNameProblem(host) === null
    ? damageWords(names.record(host), { problem: 'it is no hash' })
    : `the key ${names.hosts} holds ${JSON.stringify(host)}, which is no host: remove it with SREM`;

const damaged = (key: string, damage: Damage): ReturnType<typeof unknown> =>
  unknown(damageWords(key, damage));
