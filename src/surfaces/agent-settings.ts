/**
 * What an agent's own parameters say about configuration file, cloud and store. Null: not given, the
 * configuration file (or its default) decides. A value that is given wins over the file.
 */
export interface AgentSettings {
  /** Path of the configuration file. */
  readonly config: string | null;
  /** `file`, `file:DIRECTORY`, `redis`, `redis://HOST:PORT/DB`, `rediss://…` or `pacemaker`. */
  readonly store: string | null;
  /** The name of a cloud in clouds.yaml. */
  readonly cloud: string | null;
  readonly authUrl: string | null;
  readonly username: string | null;
  /** A secret: never to be logged, never on a command line. */
  readonly password: string | null;
  /** A shell command whose standard output is the password. */
  readonly passwordScript: string | null;
  readonly tenantName: string | null;
  readonly userDomain: string | null;
  readonly projectDomain: string | null;
  readonly regionName: string | null;
  readonly endpointType: string | null;
  readonly insecure: boolean | null;
  readonly cacert: string | null;
}

/** Settings in which nothing is given. */
export const NO_SETTINGS: AgentSettings = {
  config: null,
  store: null,
  cloud: null,
  authUrl: null,
  username: null,
  password: null,
  passwordScript: null,
  tenantName: null,
  userDomain: null,
  projectDomain: null,
  regionName: null,
  endpointType: null,
  insecure: null,
  cacert: null,
};

/** The outcome of opening a part that agents need: the part, or one sentence that says how to mend it. */
export type Opened<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'error'; readonly message: string };

const TRUE = new Set(['1', 'yes', 'on', 'true']);
const FALSE = new Set(['0', 'no', 'off', 'false']);

/** A boolean as fence and OCF agents spell it; null when it is none of the spellings. */
export function parseBoolean(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : null;
}
