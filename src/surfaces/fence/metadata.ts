import { escapeXml } from '../xml.ts';
import { DESCRIPTIONS } from './descriptions.ts';
import type { AgentName, FenceOption } from './option.ts';
import { advertisedActions, optionsOf } from './options.ts';

/** How an option is written on a command line, such as `-n, --plug=[id]`. */
export function getoptOf(option: FenceOption): string {
  const long = `--${option.long}${option.value === null ? '' : `=${option.value}`}`;
  return option.short === null ? long : `-${option.short}, ${long}`;
}

/**
 * The metadata of an agent as XML; valid by fence-agents' `metadata.rng`. `reboot` is not advertised
 * by fence_nova, as by fence_compute: Pacemaker then sends `off`, and `on` later (unfencing).
 * `automatic="1"` marks an agent whose `on` is called when a node comes back.
 */
export function fenceMetadata(agent: AgentName): string {
  const { short, long } = DESCRIPTIONS[agent];
  const automatic = agent === 'fence_nova' ? '1' : '0';
  const actions = advertisedActions(agent).map((action) =>
    action === 'on'
      ? `\t<action name="on" automatic="${automatic}"/>`
      : `\t<action name="${action}"/>`,
  );
  return [
    '<?xml version="1.0" ?>',
    `<resource-agent name="${agent}" shortdesc="${escapeXml(short)}">`,
    `<longdesc>${escapeXml(long.join(' '))}</longdesc>`,
    '<vendor-url></vendor-url>',
    '<parameters>',
    ...optionsOf(agent).flatMap(parametersOf),
    '</parameters>',
    '<actions>',
    ...actions,
    '</actions>',
    '</resource-agent>',
    '',
  ].join('\n');
}

/** One parameter, and one more for each older spelling, each pointing at the other. */
function parametersOf(option: FenceOption): readonly string[] {
  const [newestOld] = option.older;
  const obsoletes = newestOld === undefined ? '' : ` obsoletes="${newestOld}"`;
  return [
    ...parameter(option, option.name, obsoletes),
    ...option.older.flatMap((name) => parameter(option, name, ' deprecated="1"')),
  ];
}

function parameter(option: FenceOption, name: string, extra: string): readonly string[] {
  const fallback = option.default === null ? '' : ` default="${escapeXml(option.default)}"`;
  const text = option.note === null ? option.text : `${option.text}. ${option.note}`;
  return [
    `\t<parameter name="${name}" unique="0" required="${option.required ? '1' : '0'}"${extra}>`,
    `\t\t<getopt mixed="${escapeXml(getoptOf(option))}" />`,
    `\t\t<content type="${option.type}"${fallback} />`,
    `\t\t<shortdesc lang="en">${escapeXml(text)}</shortdesc>`,
    '\t</parameter>',
  ];
}
