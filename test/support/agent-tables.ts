import { getoptOf } from '../../src/surfaces/fence/metadata.ts';
import { optionsOf } from '../../src/surfaces/fence/options.ts';
import type { OcfAgentName } from '../../src/surfaces/ocf/parameter.ts';
import { OCF_DESCRIPTIONS } from '../../src/surfaces/ocf/metadata.ts';
import { parametersOf } from '../../src/surfaces/ocf/parameters.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

/** The options of both fence agents as a Markdown table. */
export function fenceTable(): string {
  const evacuate = new Set(optionsOf('fence_nova_evacuate').map(({ name }) => name));
  const compute = new Set(optionsOf('fence_nova').map(({ name }) => name));
  const all = [
    ...optionsOf('fence_nova'),
    ...optionsOf('fence_nova_evacuate').filter(({ name }) => !compute.has(name)),
  ];
  const rows = all.map((option) => {
    const names = [option.name, ...option.older].map(code).join(', ');
    const only = !evacuate.has(option.name)
      ? ' (`fence_nova` only)'
      : compute.has(option.name)
        ? ''
        : ' (`fence_nova_evacuate` only)';
    const note = option.note === null ? '' : ` ${option.note}`;
    const ours = option.ours ? 'ours' : '';
    const fallback = option.name === 'action' ? '`off`, `reboot`' : code(option.default ?? '');
    return `| ${names} | ${code(getoptOf(option))} | ${fallback} | ${cell(option.text)}${only}.${cell(note)} | ${ours} |`;
  });
  return [
    '| on standard input | on the command line | default | meaning | |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** The parameters and time-outs of an OCF agent as Markdown tables. */
export function ocfTable(agent: OcfAgentName): string {
  const parameters = parametersOf(agent).map(
    ({ name, type, default: fallback, long, ours }) =>
      `| ${code(name)} | ${type} | ${code(fallback)} | ${cell(long)} | ${ours ? 'ours' : ''} |`,
  );
  const actions = OCF_DESCRIPTIONS[agent].actions.map(
    ({ name, timeoutSeconds, intervalSeconds }) =>
      `${code(name)} ${String(timeoutSeconds)} s${
        intervalSeconds === undefined ? '' : ` every ${String(intervalSeconds)} s`
      }`,
  );
  return [
    '| parameter | type | default | meaning | |',
    '| --- | --- | --- | --- | --- |',
    ...parameters,
    '',
    `Time-outs: ${actions.join(', ')}.`,
  ].join('\n');
}

/** A text with what stands between the markers of each table replaced. */
export function withTables(text: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((filled, [name, table]) => {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const from = filled.indexOf(begin);
    const to = filled.indexOf(end);
    if (from < 0 || to < from) throw new Error(`the markers of "${name}" are missing`);
    return `${filled.slice(0, from + begin.length)}\n\n${table}\n\n${filled.slice(to)}`;
  }, text);
}
