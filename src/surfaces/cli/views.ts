import { formatInstant } from '../../domain/time.ts';
import { cut, printable } from './columns.ts';
import { frameOf, instanceLines, progressText, shortTime, urgentFirst } from './frame.ts';
import { say, sayJson, tell, type Io, type Live } from './io.ts';
import { createPaint } from './paint.ts';
import { reportJson } from './report-json.ts';
import { EXIT } from './exit.ts';
import type { View } from './view.ts';

/** The view that suits where the output goes: JSON when asked for, a live table on a terminal, else lines. */
export async function createView(io: Io, options: { readonly json?: boolean }): Promise<View> {
  if (options.json === true) return jsonView(io);
  return io.isTty && io.env['TERM'] !== 'dumb' ? liveView(io, await io.live()) : lineView(io);
}

/** One line per change, stable in form: time, then a sentence that begins with the host. */
function lineView(io: Io): View {
  return {
    update: (report, changes, now) => {
      for (const { instance, sentence } of changes) {
        // What is told of the host names it already.
        const about = instance === null ? '' : `${report.host} `;
        say(io, `${shortTime(now)} ${about}${printable(sentence)}`);
      }
    },
    trouble: (why) => {
      tell(io, troubleText(why));
    },
    end: () => undefined,
    summary: (report, _exit, now) => {
      say(io, `${shortTime(now)} ${report.host} ${report.phase}: ${progressText(report)}`);
    },
  };
}

/** One JSON document per change, then one with the whole report. */
function jsonView(io: Io): View {
  return {
    update: (report, changes, now) => {
      const { host, event } = report;
      for (const { instance, what, sentence } of changes)
        sayJson(io, {
          kind: 'change',
          at: formatInstant(now),
          host,
          event,
          instance,
          what,
          sentence,
        });
    },
    trouble: (why) => {
      tell(io, troubleText(why));
    },
    end: () => undefined,
    summary: (report, exit, now) => {
      sayJson(io, {
        kind: 'summary',
        at: formatInstant(now),
        exit,
        exit_code: EXIT[exit].code,
        ...reportJson(report),
      });
    },
  };
}

/** A table that is drawn again and again in place. */
function liveView(io: Io, live: Live): View {
  const paint = createPaint(io);
  let trouble: string | null = null;
  let frame = '';
  const draw = (): void => {
    if (trouble === null) {
      live.draw(frame);
      return;
    }
    // The last lines of the frame give way: what is higher than the terminal cannot be drawn over.
    const { columns, rows } = io.size();
    const lines = frame.split('\n').slice(0, Math.max(rows - 2, 1));
    live.draw([...lines, paint.bad(cut(printable(trouble), columns))].join('\n'));
  };
  return {
    update: (report, _changes, now) => {
      frame = frameOf(report, { now, paint, ...io.size() });
      draw();
    },
    trouble: (why) => {
      trouble = why === null ? null : troubleText(why);
      draw();
    },
    end: () => {
      live.done();
    },
    summary: (report, exit) => {
      // The frame stands there already; only what it had no lines for is said again.
      const unwell = report.rows.filter((row) => row.remedy !== null);
      if (exit === 'done' || unwell.length === 0) return;
      for (const line of instanceLines(urgentFirst(unwell), paint, io.size().columns))
        say(io, line);
    },
  };
}

/** What a watcher is told of a store that does not answer. */
export const troubleText = (why: string | null): string =>
  why === null ? 'The store answers again.' : `The store does not answer (${why}); waiting for it.`;
