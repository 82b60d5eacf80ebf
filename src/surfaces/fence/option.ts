/** The two fence agents; the second is the drop-in for fence_evacuate. */
export type AgentName = 'fence_nova' | 'fence_nova_evacuate';

/** One option of a fence agent: parser, metadata, help, manual and README are made from these rows. */
export interface FenceOption {
  /** The name on standard input, with underscores; `-` is taken for `_` there. */
  readonly name: string;
  /** Older names on standard input, kept because configurations in the field use them. */
  readonly older: readonly string[];
  readonly short: string | null;
  readonly long: string;
  /** What stands for the value in the help; null for switches. */
  readonly value: string | null;
  readonly type: 'string' | 'boolean' | 'integer' | 'second';
  readonly default: string | null;
  readonly required: boolean;
  /** One line for metadata and help. */
  readonly text: string;
  /** What else an operator must know: where we differ from fence_compute, or what it is good for. */
  readonly note: string | null;
  /** The agent that alone has it; null: both have it. */
  readonly only: AgentName | null;
  /** True for those that fence_compute does not have. */
  readonly ours: boolean;
}

type Extra = Partial<Omit<FenceOption, 'name' | 'short' | 'value' | 'type' | 'text'>>;

/** Makes a row; what is not given is the usual. `spec` is `name`, `short` and `value` such as `k [url]`. */
function row(
  type: FenceOption['type'],
  name: string,
  spec: string,
  text: string,
  extra: Extra,
): FenceOption {
  const match = /^(?:(\w)\b)? ?(\[.+\])?$/.exec(spec);
  return {
    name,
    older: [],
    short: match?.[1] ?? null,
    long: name.replaceAll('_', '-'),
    value: match?.[2] ?? null,
    type,
    default: null,
    required: false,
    text,
    note: null,
    only: null,
    ours: false,
    ...extra,
  };
}

/** An option with a text as value. */
export const textOption = (
  name: string,
  spec: string,
  text: string,
  extra: Extra = {},
): FenceOption => row('string', name, spec, text, extra);

/** A switch. */
export const switchOption = (
  name: string,
  spec: string,
  text: string,
  extra: Extra = {},
): FenceOption => row('boolean', name, spec, text, extra);

/** A length of time in whole seconds. */
export const secondsOption = (
  name: string,
  fallback: string,
  text: string,
  extra: Extra = {},
): FenceOption => row('second', name, '[seconds]', text, { default: fallback, ...extra });

/** A whole number. */
export const numberOption = (
  name: string,
  spec: string,
  text: string,
  extra: Extra = {},
): FenceOption => row('integer', name, spec, text, extra);
