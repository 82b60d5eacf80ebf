import * as v from 'valibot';
import { guarded, row } from './row.ts';
import { mapOf, objectOf, sequenceOf } from './structures.ts';
import { asText, duration, listOf, machineName, oneOf, text, type ValueKind } from './values.ts';

/** A fence agent with what it needs, and the hosts whose machines it switches. */
export interface PowerSetting {
  readonly hosts: readonly string[];
  readonly agent: string;
  readonly options: Readonly<Record<string, string>>;
  readonly options_file: string | null;
  readonly timeout: number;
}

/** As the library of the fence agents names what is nobody's business. */
const SECRET_OPTION = /pass|secret|token|key|community/i;

const agentName: ValueKind<string> = {
  type: 'the name of a fence agent, such as fence_ipmilan',
  schema: v.pipe(v.string(), v.regex(/^fence_[A-Za-z0-9_]+$/)),
  show: (value) => value,
};

const optionName: ValueKind<string> = {
  type: 'an option of the agent (letters, digits, "_" and "-")',
  schema: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/)),
  show: (value) => value,
};

// One line, because the agents read `key=value` lines.
const optionValue: ValueKind<string> = {
  type: 'a text of one line, a number, true or false',
  schema: v.pipe(
    v.union([asText, v.pipe(v.boolean(), v.transform(String))]),
    v.regex(/^[^\n\r\0]*$/),
  ),
  show: (value) => value,
};

// Without `~/`: it is read when a host is fenced, by whichever user the worker runs as.
const absolutePath: ValueKind<string> = {
  type: 'an absolute path',
  schema: v.pipe(v.string(), v.regex(/^\/./)),
  show: (value) => value,
};

const powerAgent = objectOf<PowerSetting>({
  type: 'a power agent (hosts and agent; options, options_file, timeout)',
  fields: {
    hosts: { kind: listOf(text('a host name, in which * and ? stand for anything')) },
    agent: { kind: agentName },
    options: {
      kind: mapOf(
        { name: optionName, value: optionValue },
        { type: 'a map of options of the agent', quiet: true },
      ),
      fallback: {},
    },
    options_file: { kind: absolutePath, fallback: null },
    timeout: { kind: duration(1000, 600_000), fallback: 60_000 },
  },
  show: ({ hosts, agent, options, options_file: file }) => {
    const shown = Object.entries(options).map(
      ([name, value]) => `${name}=${SECRET_OPTION.test(name) ? '(secret)' : value}`,
    );
    const from = file === null ? [] : [`options from ${file}`];
    return `${hosts.join(' ')}: ${[agent, ...shown, ...from].join(' ')}`;
  },
});

/** Who cuts hosts off, and who can tell that they are off. */
export const FENCING_ROWS = {
  'pacemaker.enabled': row(
    oneOf('auto', 'on', 'off'),
    'auto',
    'whether Pacemaker is asked which hosts it has fenced; auto: where its tools are installed',
  ),
  'pacemaker.nodes': row(
    mapOf(
      { name: machineName(), value: machineName() },
      { type: 'a map of Nova hosts to Pacemaker nodes' },
    ),
    {},
    'the Pacemaker node of a host, where the two names differ in more than the domain: {compute-1: node-17}',
  ),
  power: guarded(
    row<readonly PowerSetting[]>(
      {
        ...sequenceOf(
          powerAgent,
          'a list of power agents (hosts, agent, options, options_file, timeout)',
        ),
        masked: true,
      },
      [],
      'fence agents that switch hosts off without Pacemaker; the first whose hosts fit counts',
    ),
  ),
} as const;
