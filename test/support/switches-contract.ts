import { describe, expect, test } from 'vitest';
import { asHost } from '../../src/domain/ids.ts';
import { because } from '../../src/domain/reason.ts';
import { EMPTY_BOARD, type Board } from '../../src/domain/switchboard.ts';
import type { Switch } from '../../src/domain/switches.ts';
import type { Store } from '../../src/engine/ports.ts';
import { valueOf, type StoreBed } from './store-contract.ts';

const pause = (by: string, change: Partial<Switch> = {}): Switch => ({
  kind: 'pause',
  scope: { of: 'all' },
  reason: 'Zoë\'s "storage" <work>\n𝄞',
  by,
  since: 1_795_000_000_000,
  until: null,
  ...change,
});

const host = asHost('compute-1');
const FULL: Board = {
  switches: [
    pause('anna', { until: 1_795_000_060_000 }),
    pause('bert', { kind: 'freeze', scope: { of: 'host', host } }),
    pause('carl', { kind: 'pause', scope: { of: 'aggregate', name: 'gold & "silver"' } }),
    pause('dora', { kind: 'maintenance', scope: { of: 'host', host } }),
  ],
  silent: [{ host, since: 7, why: because('NH104', { what: host, detail: '' }) }],
};

/** What every store must do with the switches. */
export function describeSwitches(
  name: string,
  parts: () => { readonly bed: StoreBed; readonly store: Store; readonly other: Store },
): void {
  describe(`${name}: switches`, () => {
    test('an empty store has none', async () => {
      expect(valueOf(await parts().store.switchboard())).toEqual(EMPTY_BOARD);
    });

    test('they come back as they were written, from every client, and are no records', async () => {
      const { store, other } = parts();
      expect(await store.setSwitchboard(0, FULL)).toEqual({
        kind: 'applied',
        value: { version: 1 },
      });
      expect(valueOf(await other.switchboard())).toEqual({ version: 1, ...FULL });
      expect(await other.setSwitchboard(1, EMPTY_BOARD)).toMatchObject({ kind: 'applied' });
      expect(valueOf(await store.switchboard())).toEqual({ ...EMPTY_BOARD, version: 2 });
      expect(valueOf(await store.list())).toEqual([]);
      expect(await store.check()).toBeNull();
    });

    test('a write against another version is refused and changes nothing', async () => {
      const { store, other } = parts();
      await store.setSwitchboard(0, FULL);
      for (const version of [0, 2, 9]) {
        const outcome = await other.setSwitchboard(version, EMPTY_BOARD);
        expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'wrong-state' } });
      }
      expect(valueOf(await store.switchboard())).toEqual({ version: 1, ...FULL });
    });

    test('of many writers against one version exactly one wins', async () => {
      const { store, other } = parts();
      for (let version = 0; version < 4; version += 1) {
        const outcomes = await Promise.all(
          [store, other, store, other, store, other].map((client, index) =>
            client.setSwitchboard(version, { switches: [pause(String(index))], silent: [] }),
          ),
        );
        const winners = outcomes.flatMap(({ kind }, index) =>
          kind === 'applied' ? [String(index)] : [],
        );
        expect(winners).toHaveLength(1);
        const board = valueOf(await store.switchboard());
        expect(board.version).toBe(version + 1);
        expect(board.switches.map(({ by }) => by)).toEqual(winners);
      }
    });

    test('what is damaged or of a newer kind is unknown, never none', async () => {
      const { bed, store } = parts();
      if (bed.damageSwitches === null) return;
      await store.setSwitchboard(0, FULL);
      const newer = JSON.stringify({ format: 1, board: { ...FULL, switches: [{ kind: 'stop' }] } });
      for (const text of ['{"format":1,"rubbish', newer, '']) {
        await bed.damageSwitches(text);
        expect(await store.switchboard()).toMatchObject({
          kind: 'unknown',
          why: expect.stringMatching(/switch.*damaged.*;/) as string,
        });
        const outcome = await store.setSwitchboard(0, EMPTY_BOARD);
        expect(outcome.kind).toBe('refused');
      }
    });
  });
}
