import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, refused } from '../../domain/outcome.ts';
import { EMPTY_BOARD, type Switchboard } from '../../domain/switchboard.ts';
import type { Store } from '../../engine/ports.ts';
import { decodeBoard, encodeBoard, staleBoard } from './board-codec.ts';
import { damageText, FORMAT, fromNewer } from './codec.ts';
import type { SharedTable } from './pacemaker-ports.ts';

/** The name of the one entry: `switch-board` in the set nova-ha of the CIB. */
const NAME = 'board';

/** The switches of the pacemaker store: one entry in the CIB, coded so that nothing has to quote it. */
export function createPacemakerBoard(
  table: SharedTable,
): Pick<Store, 'switchboard' | 'setSwitchboard'> {
  const look = async (): Promise<
    Known<{ readonly board: Switchboard; readonly text: string | null }>
  > => {
    const texts = await table.read();
    if (texts.kind === 'unknown') return texts;
    const text = texts.value.get(NAME);
    if (text === undefined) return known({ board: EMPTY_BOARD, text: null }, texts.at);
    const board = decode(text);
    return typeof board === 'string' ? unknown(board) : known({ board, text }, texts.at);
  };
  return {
    switchboard: async () => {
      const found = await look();
      return found.kind === 'unknown' ? found : known(found.value.board, found.at);
    },
    setSwitchboard: async (version, board) => {
      const found = await look();
      if (found.kind === 'unknown') return refused('not-sent', found.why);
      const { text, board: before } = found.value;
      if (before.version !== version) return staleBoard(before.version, version);
      const coded = Buffer.from(encodeBoard(board), 'utf8').toString('base64url');
      const outcome = await table.swap(NAME, text, `v1:${String(version + 1)}:${coded}`);
      return outcome.kind === 'applied' ? applied({ version: version + 1 }) : outcome;
    },
  };
}

/** The board, or what is wrong with the text. */
function decode(text: string): Switchboard | string {
  const [, format = '1', version = '', coded = ''] =
    /^v(\d+):(?:(\d+):([\w-]+)$)?/.exec(text) ?? [];
  const board =
    Number(format) > FORMAT
      ? fromNewer(Number(format))
      : decodeBoard(Buffer.from(coded, 'base64url').toString('utf8'));
  if (board.kind === 'decoded') return { version: Number(version), ...board.value };
  return damageText(
    'the entry switch-board in the set nova-ha of the CIB',
    board,
    'delete it (crm_attribute -t crm_config -s nova-ha -n switch-board -D), then switch anew what was on',
  );
}
