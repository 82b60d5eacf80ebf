import { asHost, type HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, Store } from '../../engine/ports.ts';
import { decodeEntry, type Entry } from './pacemaker-entry.ts';
import { tendClassic } from './pacemaker-mirror.ts';
import type { NodeAttributes, SharedTable } from './pacemaker-ports.ts';

/**
 * Watches the table by looking every `pollMs` (Pacemaker has no call-back for programs), and keeps
 * the classic attributes in step, which Pacemaker erases whenever a node comes or goes. The first
 * look only sets the mark from which changes are told, and that is told as a gap.
 */
export function watchTable(deps: {
  readonly table: SharedTable;
  readonly attributes: NodeAttributes;
  readonly files: Store;
  readonly keeper: string;
  readonly clock: Clock;
  readonly pollMs: Millis;
  readonly onNudge: (host: HostName) => void;
  readonly onGap?: (() => void) | undefined;
}): { close(): void } {
  const { table, attributes, files, keeper, clock, pollMs, onNudge, onGap } = deps;
  const stop = new AbortController();
  const local = files.watch(onNudge, onGap);
  let before: ReadonlyMap<string, string> | null = null;
  const newest = createNewest();

  const lookOnce = async (): Promise<void> => {
    const texts = await table.read();
    if (texts.kind === 'unknown' || stop.signal.aborted) return;
    for (const [host, text] of texts.value) {
      if (before !== null && before.get(host) !== text) onNudge(asHost(host));
    }
    if (before === null) onGap?.();
    before = texts.value;
    await newest.restore(table, texts.value);
    await tendClassic({ attributes, entries: entriesOf(texts.value), keeper });
  };
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await lookOnce();
      await clock.sleep(pollMs, stop.signal);
    }
  };
  void loop();

  return {
    close: () => {
      stop.abort();
      local.close();
    },
  };
}

/**
 * Remembers the newest entry of each host, and puts it back when an older one (or none) stands in its
 * place: that is what a part of the cluster leaves behind that rejoined with a CIB of a higher epoch,
 * or somebody who loaded an old configuration. A mark must not be lost that way.
 */
function createNewest(): {
  restore(table: SharedTable, texts: ReadonlyMap<string, string>): Promise<void>;
} {
  const seen = new Map<string, { readonly version: number; readonly text: string }>();
  return {
    restore: async (table, texts) => {
      for (const host of new Set([...texts.keys(), ...seen.keys()])) {
        const text = texts.get(host);
        const now = text === undefined ? null : decodeEntry(text, asHost(host));
        const last = seen.get(host);
        if (now?.kind === 'damaged') continue;
        if (last !== undefined && (now?.value.version ?? 0) < last.version) {
          await table.swap(host, text ?? null, last.text);
        } else if (now !== null && text !== undefined) {
          seen.set(host, { version: now.value.version, text });
        }
      }
    },
  };
}

function entriesOf(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Entry> {
  return new Map(
    [...texts].flatMap(([host, text]) => {
      const decoded = decodeEntry(text, asHost(host));
      // A damaged entry is told by every read of the store; nothing can be mirrored from it.
      return decoded.kind === 'decoded' ? [[host, decoded.value] as const] : [];
    }),
  );
}
