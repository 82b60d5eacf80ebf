import { randomBytes } from 'node:crypto';
import { known, unknown } from '../../domain/known.ts';
import { applied, refused, uncertain } from '../../domain/outcome.ts';
import { EMPTY_BOARD } from '../../domain/switchboard.ts';
import type { Instant } from '../../domain/time.ts';
import type { Store } from '../../engine/ports.ts';
import { decodeBoard, encodeBoard, staleBoard } from './board-codec.ts';
import { damageText, type Damage } from './codec.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RunDurably } from './redis-durable.ts';
import { fieldsOf } from './redis-reads.ts';
import { SWITCH } from './redis-scripts.ts';
import { unconfirmed } from './redis-writes.ts';

/** The switches of the store in Redis: one hash without expiry, changed by a script. */
export function createRedisBoard(options: {
  readonly connection: RedisConnection;
  readonly durably: RunDurably;
  readonly key: string;
  now(): Instant;
  /** What and where the store is, for messages. */
  readonly where: string;
}): Pick<Store, 'switchboard' | 'setSwitchboard'> {
  const { connection, durably, key, where } = options;
  const damaged = (damage: Damage): ReturnType<typeof unknown> =>
    unknown(damageText(`the key ${key}`, damage, 'delete that key, then switch anew what was on'));
  return {
    switchboard: async () => {
      const at = options.now();
      const reply = await connection.run((client) => fieldsOf(client, key, 'version', 'board'));
      if (reply.kind !== 'reply') return unknown(reply.why);
      if (reply.value === 'foreign') return damaged({ problem: 'it is no hash' });
      const [version, text] = reply.value;
      if (version == null && text == null) return known(EMPTY_BOARD, at);
      if (!(Number(version) > 0)) return damaged({ problem: 'its version is no number' });
      const board = decodeBoard(text ?? '');
      if (board.kind === 'damaged') return damaged(board);
      return known({ version: Number(version), ...board.value }, at);
    },
    setSwitchboard: async (version, board) => {
      const argv = [version, encodeBoard(board), randomBytes(9).toString('base64')];
      const reply = await durably({ script: SWITCH, keys: [key], argv });
      if (reply.kind === 'denied') return refused(reply.cause, `${reply.why} (${key})`);
      if (reply.kind === 'lost') return uncertain(reply.why);
      const { word, detail, isDurable } = reply.value;
      if (word !== 'written') return staleBoard(Number(detail), version);
      return isDurable ? applied({ version: Number(detail) }) : uncertain(unconfirmed({ where }));
    },
  };
}
