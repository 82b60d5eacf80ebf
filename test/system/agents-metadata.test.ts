import { beforeAll, describe, expect, it } from 'vitest';
import { fenceMetadata } from '../../src/surfaces/fence/metadata.ts';
import { ocfMetadata } from '../../src/surfaces/ocf/metadata.ts';
import { VERSION } from '../../src/version.ts';
import { built, FENCED_ENV, runProgram } from '../support/built-agent.ts';
import { ensureDebianPackages } from '../support/debian-packages.ts';

beforeAll(ensureDebianPackages);

const FENCE_RNG = '/usr/share/cluster/relaxng/metadata.rng';
const OCF_RNG = '/usr/share/resource-agents/metadata.rng';

const validate = (schema: string, xml: string) =>
  runProgram('xmllint', { args: ['--noout', '--relaxng', schema, '-'], input: xml });

interface Parameter {
  readonly attributes: string;
  readonly type: string;
  readonly fallback: string | null;
}

/** The parameters of fence metadata by name; texts are left out. */
function parametersOf(xml: string): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  for (const block of xml.match(/<parameter [\s\S]*?<\/parameter>/g) ?? []) {
    const name = /name="([^"]*)"/.exec(block)?.[1] ?? '';
    const head = /<parameter ([^>]*)>/.exec(block)?.[1] ?? '';
    const content = /<content ([^>]*)>/.exec(block)?.[1] ?? '';
    found.set(name, {
      attributes: head.trim(),
      type: /type="([^"]*)"/.exec(content)?.[1] ?? '',
      fallback: /default="([^"]*)"/.exec(content)?.[1] ?? null,
    });
  }
  return found;
}

const actionsOf = (xml: string): readonly string[] =>
  (xml.match(/<action [^>]*>/g) ?? []).map((action) => action.replace(/\s*\/>$/, ''));

describe.each([
  ['fence_nova', 'fence_compute'],
  ['fence_nova_evacuate', 'fence_evacuate'],
] as const)('%s', (ours, theirs) => {
  it('prints valid metadata, by argument and by standard input', async () => {
    const byArgument = await runProgram(built(ours), { args: ['-o', 'metadata'] });
    expect(byArgument).toMatchObject({ code: 0, err: '', out: fenceMetadata(ours) });
    const byInput = await runProgram(built(ours), { input: 'action=metadata\n' });
    expect(byInput.out).toBe(byArgument.out);
    expect(await validate(FENCE_RNG, byArgument.out)).toMatchObject({ code: 0 });
  });

  it(`has every parameter and action of ${theirs}, alike in all but words`, async () => {
    const reference = await runProgram(`/usr/sbin/${theirs}`, { args: ['-o', 'metadata'] });
    const mine = parametersOf(fenceMetadata(ours));
    for (const [name, parameter] of parametersOf(reference.out)) {
      expect([name, mine.get(name)]).toEqual([name, parameter]);
    }
    expect(actionsOf(fenceMetadata(ours))).toEqual(actionsOf(reference.out));
  });

  it('prints a manual page that man can format, and help', async () => {
    const manual = await runProgram(built(ours), { args: ['-o', 'manpage'] });
    expect(manual.out).toMatch(/^\.TH /);
    expect((await runProgram(built(ours), { args: ['-h'] })).out).toMatch(/^Usage: /);
    expect((await runProgram(built(ours), { args: ['-V'] })).out).toBe(`${VERSION}\n`);
  });
});

describe.each(['NovaEvacuate', 'NovaComputeWait'] as const)('%s', (agent) => {
  const path = () => built(`ocf/${agent}`);

  it('prints valid metadata', async () => {
    const { code, out, err } = await runProgram(path(), { args: ['meta-data'] });
    expect({ code, out, err }).toEqual({ code: 0, out: ocfMetadata(agent, VERSION), err: '' });
    expect(await validate(OCF_RNG, out)).toMatchObject({ code: 0 });
    const dtd = await runProgram('xmllint', {
      args: ['--noout', '--valid', '-'],
      input: out,
      cwd: '/usr/share/resource-agents',
    });
    expect(dtd).toMatchObject({ code: 0, err: '' });
  });

  it('does so as an unprivileged user', async () => {
    // Pacemaker's controller asks as hacluster, without any configuration.
    const other = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const env = { PATH: FENCED_ENV['PATH'] ?? '', NOVA_HA_CONFIG: '/nosuch/config.yaml' };
    const { code } = await runProgram(path(), { args: ['meta-data'], env, ...other });
    expect(code).toBe(0);
  });

  it('answers usage and unknown actions', async () => {
    expect(await runProgram(path(), { args: ['usage'] })).toMatchObject({ code: 0 });
    expect(await runProgram(path(), { args: ['promote'] })).toMatchObject({ code: 3 });
    expect(await runProgram(path())).toMatchObject({ code: 3 });
  });
});
