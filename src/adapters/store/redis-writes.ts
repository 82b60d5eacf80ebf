import { randomBytes } from 'node:crypto';
import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown } from '../../domain/known.ts';
import { applied, refused, uncertain } from '../../domain/outcome.ts';
import { summaryOf } from '../../domain/summary.ts';
import type { Instant } from '../../domain/time.ts';
import type { Store } from '../../engine/ports.ts';
import { encodeRecord, encodeSummary } from './codec.ts';
import type { RunDurably } from './redis-durable.ts';
import type { RedisNudges } from './redis-nudges.ts';
import type { RedisNames } from './redis-reads.ts';
import { INDEX, LEASE, WRITE } from './redis-scripts.ts';

interface Writer {
  readonly durably: RunDurably;
  readonly names: RedisNames;
  readonly nudges: RedisNudges;
  readonly now: () => Instant;
  /** What and where the store is, for messages. */
  readonly where: string;
}

/** The writing side of the store in Redis. */
export function createRedisWrites(writer: Writer): Pick<Store, 'write' | 'lease'> {
  return {
    write: async (expectation, evacuation) => {
      const { host } = evacuation;
      const problem = hostNameProblem(host);
      if (problem !== null) return refused('bad-request', problem);
      if (expectation.epoch === null || expectation.version === 0) {
        const refusal = await index(writer, host);
        if (refusal !== null) return refusal;
      }
      return write(writer, expectation, evacuation);
    },
    lease: async (host, worker, ttlMs) => {
      const keys = [writer.names.lease(host), writer.names.record(host)] as const;
      const argv = [worker, Math.max(1, Math.round(ttlMs))];
      const reply = await writer.durably({ script: LEASE, keys, argv });
      if (reply.kind !== 'reply') return unknown(reply.why);
      const { word, detail, isDurable } = reply.value;
      if (word === 'held')
        return known({ kind: 'held', by: detail as typeof worker }, writer.now());
      // An epoch that a failover forgets would be given out twice.
      if (!isDurable) return unknown(unconfirmed(writer));
      return known({ kind: 'granted', epoch: Number(detail) }, writer.now());
    },
  };
}

/** Index first: an entry without record is harmless, a record that no list shows is forgotten. */
async function index(writer: Writer, host: HostName): Promise<ReturnType<typeof refused> | null> {
  const reply = await writer.durably({ script: INDEX, keys: [writer.names.hosts], argv: [host] });
  if (reply.kind === 'denied') return refused(reply.cause, reply.why);
  if (reply.kind === 'lost') return refused('not-sent', reply.why);
  return reply.value.isDurable ? null : refused('not-sent', unconfirmed(writer));
}

async function write(
  writer: Writer,
  ...[expectation, evacuation]: Parameters<Store['write']>
): ReturnType<Store['write']> {
  const { host } = evacuation;
  const key = writer.names.record(host);
  const reply = await writer.durably({
    script: WRITE,
    keys: [key],
    argv: [
      expectation.version,
      expectation.epoch ?? '',
      encodeSummary(summaryOf(evacuation)),
      encodeRecord(evacuation),
      randomBytes(9).toString('base64'),
      writer.nudges.channel,
      writer.nudges.message(host, 'others'),
    ],
  });
  if (reply.kind === 'denied') return refused(reply.cause, `${reply.why} (${key})`);
  if (reply.kind === 'lost') return uncertain(reply.why);
  const { word, detail, isDurable } = reply.value;
  if (word === 'written') {
    return isDurable ? applied({ version: Number(detail) }) : uncertain(unconfirmed(writer));
  }
  return refused(
    'wrong-state',
    word === 'epoch'
      ? `the lease on ${host} has passed on: epoch ${detail}, not ${String(expectation.epoch)}`
      : `the record of ${host} is at version ${detail}, not ${String(expectation.version)}`,
  );
}

/** Why a write that Redis took does not count yet. */
export const unconfirmed = ({ where }: Pick<Writer, 'where'>): string =>
  `${where}: no replica has confirmed it in time: look at the replicas`;
