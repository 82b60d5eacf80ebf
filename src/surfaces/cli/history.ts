import type { HostName } from '../../domain/ids.ts';
import { formatInstant } from '../../domain/time.ts';
import type { HistoryEntry } from '../../engine/ports.ts';
import { columns, printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, tell, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { Doors, GlobalOptions } from './parts.ts';
import { storeTrouble, withParts } from './session.ts';

/** `history`: the newest entries, the newest last so that it stands above the prompt. */
export function history(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName | undefined,
  options: { readonly limit: number; readonly json?: boolean },
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const filter = host === undefined ? { limit: options.limit } : { host, limit: options.limit };
    const read = await parts.store.history(filter);
    if (read.kind === 'unknown') return storeTrouble(parts, io, read.why);
    const entries = [...read.value].reverse();
    if (options.json === true) for (const entry of entries) sayJson(io, entryJson(entry));
    else if (entries.length === 0) tell(io, 'There is no history yet.');
    else for (const line of table(io, entries)) say(io, line);
    return 'done';
  });
}

function table(io: Io, entries: readonly HistoryEntry[]): readonly string[] {
  const paint = createPaint(io);
  const head = ['TIME', 'HOST', 'EVENT', 'WHAT', 'INSTANCE', 'DETAIL'];
  return columns(
    [
      head.map((text) => ({ text, paint: paint.heading })),
      ...entries.map((entry) => [
        { text: formatInstant(entry.at) },
        { text: entry.host },
        { text: entry.event },
        { text: printable(entry.what) },
        { text: entry.instance ?? '-' },
        { text: printable(entry.detail) },
      ]),
    ],
    null,
  );
}

const entryJson = (entry: HistoryEntry): Readonly<Record<string, unknown>> => ({
  at: formatInstant(entry.at),
  host: entry.host,
  event: entry.event,
  what: entry.what,
  instance: entry.instance,
  detail: entry.detail,
});
