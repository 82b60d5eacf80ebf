import { formatInstant } from '../../domain/time.ts';
import { reportOf } from '../../engine/report.ts';
import { printable } from './columns.ts';
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
    update: (evacuation, changes, now) => {
      for (const { instance, sentence } of changes) {
        // What is told of the host names it already.
        const about = instance === null ? '' : `${evacuation.host} `;
        say(io, `${shortTime(now)} ${about}${printable(sentence)}`);
      }
    },
    trouble: (why) => {
      tell(io, troubleText(why));
    },
    end: () => undefined,
    summary: (evacuation, _exit, now) => {
      const report = reportOf(evacuation, now);
      say(io, `${shortTime(now)} ${report.host} ${report.phase}: ${progressText(report)}`);
    },
  };
}

/** One JSON document per change, then one with the whole report. */
function jsonView(io: Io): View {
  return {
    update: (evacuation, changes, now) => {
      const { host, mark } = evacuation;
      for (const { instance, what, sentence } of changes)
        sayJson(io, {
          kind: 'change',
          at: formatInstant(now),
          host,
          event: mark.event,
          instance,
          what,
          sentence,
        });
    },
    trouble: (why) => {
      tell(io, troubleText(why));
    },
    end: () => undefined,
    summary: (evacuation, exit, now) => {
      sayJson(io, {
        kind: 'summary',
        at: formatInstant(now),
        exit,
        exit_code: EXIT[exit].code,
        ...reportJson(reportOf(evacuation, now)),
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
    live.draw(trouble === null ? frame : `${frame}\n${paint.bad(printable(trouble))}`);
  };
  return {
    update: (evacuation, _changes, now) => {
      frame = frameOf(reportOf(evacuation, now), { now, paint, ...io.size() });
      draw();
    },
    trouble: (why) => {
      trouble = why === null ? null : troubleText(why);
      draw();
    },
    end: () => {
      live.done();
    },
    summary: (evacuation, exit, now) => {
      // The frame stands there already; only what it had no lines for is said again.
      const unwell = reportOf(evacuation, now).rows.filter((row) => row.remedy !== null);
      if (exit === 'done' || unwell.length === 0) return;
      for (const line of instanceLines(urgentFirst(unwell), paint, io.size().columns))
        say(io, line);
    },
  };
}

const troubleText = (why: string | null): string =>
  why === null ? 'The store answers again.' : `The store does not answer (${why}); waiting for it.`;
