import { createNotifier } from './adapters/systemd.ts';
import { createWorkerFile } from './adapters/worker-file.ts';
import type { Settings } from './config/table.ts';
import type { Clock, Log } from './engine/ports.ts';
import type { Supervision } from './surfaces/cli/parts.ts';

/** Tells whoever supervises a worker that it lives: systemd by messages, the OCF agent by a file. */
export function composeSupervision(settings: Settings, clock: Clock, log: Log): Supervision {
  const notifier = createNotifier({ env: process.env, monotonicMs: () => clock.monotonicMs() });
  const file = createWorkerFile({
    directory: settings.run_directory ?? '/run/nova-ha',
    clock,
    pid: process.pid,
    warn: (sentence) => {
      log.warn(sentence);
    },
  });
  return {
    ready: () => {
      notifier.ready();
      file.started();
    },
    turned: ({ status, needsHuman }) => {
      notifier.turned(status);
      file.turned(needsHuman);
    },
    reloading: () => {
      notifier.reloading();
    },
    // The file keeps its last turn: a worker that seems never to have taken one would count as hung.
    reloaded: () => {
      notifier.ready();
    },
    stopping: () => {
      notifier.stopping();
      file.remove();
    },
  };
}
