import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { Summary } from '../../domain/summary.ts';
import type { Instant } from '../../domain/time.ts';
import type { HistoryEntry, Store } from '../../engine/ports.ts';
import { decodeHistory, decodeRecord, decodeSummary } from './codec.ts';
import type { RedisConnection } from './redis-connection.ts';

/** The names of our keys. */
export interface RedisNames {
  readonly hosts: string;
  readonly history: string;
  record(host: HostName): string;
  lease(host: HostName): string;
}

const PAGE = 500;

/** The reading side of the store in Redis; reads go to masters only. */
export function createRedisReads(options: {
  readonly connection: RedisConnection;
  readonly names: RedisNames;
  readonly now: () => Instant;
}): Pick<Store, 'read' | 'list' | 'history'> {
  const { connection, names, now } = options;

  const damaged = (host: HostName, problem: string): { kind: 'unknown'; why: string } =>
    unknown(
      `the key ${names.record(host)} is damaged: ${problem}; stop the workers and delete that key: its mark is then rebuilt from Nova`,
    );

  const list = async (): Promise<Known<readonly Summary[]>> => {
    const at = now();
    const reply = await connection.run(async (client) => {
      const hosts = (await client.smembers(names.hosts)) as HostName[];
      const foreign = hosts.find((host) => hostNameProblem(host) !== null);
      if (foreign !== undefined) return { hosts: [], texts: [], foreign };
      const texts = await Promise.all(
        hosts.map((host) => client.hmget(names.record(host), 'version', 'summary')),
      );
      return { hosts, texts, foreign: null };
    });
    if (reply.kind !== 'reply') return unknown(reply.why);
    const { hosts, texts, foreign } = reply.value;
    if (foreign !== null) {
      return unknown(
        `the key ${names.hosts} holds ${JSON.stringify(foreign)}, which is no host: remove it with SREM`,
      );
    }
    const summaries: Summary[] = [];
    for (const [index, host] of hosts.entries()) {
      const [version, text] = texts[index] ?? [];
      // Only a lease was taken, or the first write did not follow the entry in the index.
      if (version == null && text == null) continue;
      const summary = decodeSummary(text ?? '', host);
      if (summary.kind === 'damaged') return damaged(host, summary.problem);
      summaries.push(summary.value);
    }
    return known(summaries, at);
  };

  const read: Store['read'] = async (host) => {
    const at = now();
    const reply = await connection.run((client) =>
      client.hmget(names.record(host), 'version', 'epoch', 'record'),
    );
    if (reply.kind !== 'reply') return unknown(reply.why);
    const [version, epoch, text] = reply.value;
    if (version == null && text == null) return known(null, at);
    const counters = { version: Number(version), epoch: Number(epoch ?? 0) };
    if (!(counters.version > 0) || !(counters.epoch >= 0)) {
      return damaged(host, 'its version or epoch is no number');
    }
    const record = decodeRecord(text ?? '', host);
    if (record.kind === 'damaged') return damaged(host, record.problem);
    return known({ ...counters, evacuation: record.value }, at);
  };

  const history: Store['history'] = async ({ host, limit }) => {
    const at = now();
    const reply = await connection.run(async (client) => {
      const found: HistoryEntry[] = [];
      let end = '+';
      while (found.length < limit) {
        const page = await client.xrevrange(names.history, end, '-', 'COUNT', PAGE);
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
  };

  return { list, read, history };
}
