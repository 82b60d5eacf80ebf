import { join } from 'node:path';
import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, refused, uncertain } from '../../domain/outcome.ts';
import { EMPTY_BOARD, type Switchboard } from '../../domain/switchboard.ts';
import type { Instant } from '../../domain/time.ts';
import type { Store } from '../../engine/ports.ts';
import { decodeBoard, encodeBoard, staleBoard } from './board-codec.ts';
import { damageText } from './codec.ts';
import { newest, pathOf, type CommitTo } from './file-chain.ts';
import { fileTrouble } from './file-trouble.ts';

/**
 * The switches of the file store: a chain of version files beside the hosts, the file's number being
 * the version.
 */
export function createFileBoard(options: {
  readonly root: string;
  readonly commit: CommitTo;
  now(): Instant;
}): Pick<Store, 'switchboard' | 'setSwitchboard'> {
  const { root, commit } = options;
  const directory = join(root, 'switches');

  const read = async (): Promise<Known<Switchboard>> => {
    const at = options.now();
    try {
      const top = await newest(directory);
      if (top === null) return known(EMPTY_BOARD, at);
      const board = decodeBoard(top.text);
      if (board.kind === 'decoded') return known({ version: top.number, ...board.value }, at);
      const path = pathOf(directory, top.number);
      const mend = `move ${directory} away, then switch anew what was on`;
      return unknown(damageText(path, board, mend));
    } catch (error) {
      return unknown(fileTrouble(directory, error));
    }
  };

  return {
    switchboard: read,
    setSwitchboard: async (version, board) => {
      const found = await read();
      if (found.kind === 'unknown') return refused('not-sent', found.why);
      if (found.value.version !== version) return staleBoard(found.value.version, version);
      const outcome = await commit(directory, version + 1, encodeBoard(board));
      switch (outcome.kind) {
        case 'committed':
          return applied({ version: version + 1 });
        case 'taken':
          return refused('wrong-state', 'somebody else has changed the switches');
        case 'failed':
          return refused('not-sent', outcome.why);
        case 'uncertain':
          return uncertain(outcome.why);
      }
    },
  };
}
