import { execFile } from 'node:child_process';
import type { Millis } from '../domain/time.ts';

/** What the service manager is told (sd_notify(3)). */
export interface Notifier {
  /** The worker runs, or has read its configuration again; a unit of `Type=notify` counts as started. */
  ready(): void;
  /** A turn was completed: the one-line status, and the watchdog's pulse when it is due. */
  turned(status: string): void;
  /** The configuration is read again; until `ready` the unit is shown as reloading. */
  reloading(): void;
  stopping(): void;
}

/** What the notifier needs of the outside. */
export interface NotifierOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly monotonicMs: () => Millis;
  /** Sends one message; resolves when systemd has read it, also when that failed. */
  readonly send?: (assignments: readonly string[]) => Promise<void>;
}

// Often enough for a status that people read, seldom enough not to spawn all the time.
const STATUS_EVERY_MS = 2000;

/**
 * Talks to systemd through `systemd-notify`, because Node has no datagram sockets of the Unix kind.
 * Never blocks a turn: one message is under way at a time, and of what piles up behind it only the
 * newest is sent. The watchdog is fed by completed turns and looks at the store, at most three times
 * per its interval, so a worker whose timers run but whose turns hang is restarted. Without
 * NOTIFY_SOCKET: nothing.
 */
export function createNotifier(options: NotifierOptions): Notifier {
  const { env, monotonicMs } = options;
  if ((env['NOTIFY_SOCKET'] ?? '') === '') {
    const nothing = (): void => undefined;
    return { ready: nothing, turned: nothing, reloading: nothing, stopping: nothing };
  }
  const send = options.send ?? spawnNotify;
  const pulseEveryMs = pulseInterval(env);
  let pulsedAt = -Infinity;
  let toldAt = -Infinity;
  let told = '';
  let busy = false;
  /** Changes of state, each a message of its own: systemd 252 takes RELOADING and READY apart only so. */
  const states: string[][] = [];
  let waiting = new Map<string, string>();

  const flush = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (states.length > 0 || waiting.size > 0) {
      const state = states.shift();
      const batch = state ?? [...waiting].map(([name, value]) => `${name}=${value}`);
      if (state === undefined) waiting = new Map();
      await send(batch);
    }
    busy = false;
  };
  const tell = (assignments: Readonly<Record<string, string>>): void => {
    for (const [name, value] of Object.entries(assignments)) waiting.set(name, value);
    void flush();
  };
  const change = (...assignments: string[]): void => {
    states.push(assignments);
    void flush();
  };

  return {
    ready: () => {
      change('READY=1');
    },
    turned: (status) => {
      const now = monotonicMs();
      const due: Record<string, string> = {};
      if (pulseEveryMs !== null && now - pulsedAt >= pulseEveryMs) {
        due['WATCHDOG'] = '1';
        pulsedAt = now;
      }
      if (status !== told && now - toldAt >= STATUS_EVERY_MS) {
        due['STATUS'] = oneLine(status);
        told = status;
        toldAt = now;
      }
      if (Object.keys(due).length > 0) tell(due);
    },
    reloading: () => {
      const microseconds = process.hrtime.bigint() / 1000n;
      change('RELOADING=1', `MONOTONIC_USEC=${String(microseconds)}`);
    },
    stopping: () => {
      // The process ends after this: what waits behind another message would never be sent.
      waiting.clear();
      states.length = 0;
      void send(['STOPPING=1']);
    },
  };
}

/** A third of what the watchdog waits; null when it is off or meant for another process. */
function pulseInterval(env: NotifierOptions['env']): Millis | null {
  const microseconds = Number(env['WATCHDOG_USEC'] ?? '');
  const pid = env['WATCHDOG_PID'] ?? '';
  if (!(microseconds > 0) || (pid !== '' && pid !== String(process.pid))) return null;
  return microseconds / 3000;
}

// A NUL, which no argument of a program may hold, would end the worker.
const oneLine = (status: string): string => status.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 500);

function spawnNotify(assignments: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    // A message that systemd did not take is not worth a turn; the watchdog would tell.
    execFile('systemd-notify', assignments, { timeout: 5000 }, () => {
      resolve();
    });
  });
}
