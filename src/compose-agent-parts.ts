import { createExec } from './adapters/exec.ts';
import { redactText } from './adapters/redact.ts';
import { composeCloud } from './compose-cloud.ts';
import { homeDirectory, readFile } from './compose-config.ts';
import { composeStore } from './compose-store.ts';
import { policyOf, type Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import type { Clock, Log, Store } from './engine/ports.ts';
import { configEnvironment } from './surfaces/agent-environment.ts';
import type { Cloud } from './surfaces/agent-parts.ts';
import type { AgentSettings, Opened } from './surfaces/agent-settings.ts';

/** A password script that has not answered by then is not waited for: a monitor waits for 8 s itself. */
const SCRIPT_MS = 7000;

/** More than this is no password. */
const SCRIPT_LIMIT_BYTES = 65_536;

/**
 * The script of `$0` under a limit of its own: when Pacemaker kills an agent, it cannot end what it runs,
 * and a script that hangs would stay behind with each call.
 */
const LIMITED_SCRIPT = 'exec timeout -s KILL 8 /bin/sh -c "$0"';

/** Opens the store that an agent's settings and the configuration name. */
export async function openAgentStore(
  settings: AgentSettings,
  clock: Clock,
  log: Log,
): Promise<Opened<Store>> {
  const loaded = configOf(settings);
  if (loaded.kind === 'error') return loaded;
  const { store } = await composeStore(loaded.value.settings, clock, redacting(log));
  return { kind: 'ok', value: store };
}

/** Opens the cloud; a password script is run only here: its failure must not keep a mark back. */
export async function openAgentCloud(
  settings: AgentSettings,
  clock: Clock,
  log: Log,
): Promise<Opened<Cloud>> {
  const password = await passwordOf(settings);
  if (password.kind === 'error') return password;
  const loaded = configOf({ ...settings, password: password.value });
  if (loaded.kind === 'error') return loaded;
  const composed = composeCloud(loaded.value, clock, redacting(log));
  const cloud = await composed.open();
  if (cloud.kind === 'wrong') return { kind: 'error', message: redactText(cloud.message) };
  const { compute } = cloud;
  const fleet: Cloud['fleet'] = () => compute.fleet();
  return {
    kind: 'ok',
    value: {
      compute,
      policy: policyOf(loaded.value.settings),
      fleet,
      check: async () => {
        const problem = await cloud.signIn();
        if (problem !== null) return problem.message;
        const read = await fleet();
        return read.kind === 'known' ? null : read.why;
      },
      close: () => {
        composed.close();
        return Promise.resolve();
      },
    },
  };
}

function configOf(settings: AgentSettings): Opened<Config> {
  const outcome = loadConfig({
    env: { ...process.env, ...configEnvironment(settings) },
    file: settings.config,
    options: [],
    home: homeDirectory(),
    isRoot: process.getuid?.() === 0,
    readFile,
  });
  if (outcome.kind === 'ok') return { kind: 'ok', value: outcome.config };
  return { kind: 'error', message: redactText(outcome.problems.join(' ')) };
}

/** The password that was given, or what the script prints; it is run as every fence agent runs it. */
async function passwordOf(settings: AgentSettings): Promise<Opened<string | null>> {
  const { passwordScript, password } = settings;
  if (passwordScript === null) return { kind: 'ok', value: password };
  const ran = await createExec({ outputLimit: SCRIPT_LIMIT_BYTES })({
    program: '/bin/sh',
    args: ['-c', LIMITED_SCRIPT, passwordScript],
    timeoutMs: SCRIPT_MS,
  });
  const failed = (why: string): Opened<string | null> => ({
    kind: 'error',
    message: `password_script gave no password: ${why}; run it by hand.`,
  });
  if (ran.kind !== 'exited') return failed(ran.why);
  const text = ran.stdout.trimEnd();
  if (ran.code !== 0) return failed(`it ended with ${String(ran.code)}`);
  return text === '' ? failed('it printed nothing') : { kind: 'ok', value: text };
}

const redacting = (log: Log): Log => ({
  debug: (sentence) => {
    log.debug(redactText(sentence));
  },
  info: (sentence) => {
    log.info(redactText(sentence));
  },
  warn: (sentence) => {
    log.warn(redactText(sentence));
  },
  error: (sentence) => {
    log.error(redactText(sentence));
  },
});
