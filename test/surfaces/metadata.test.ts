import { describe, expect, it } from 'vitest';
import { fenceHelp, fenceManpage } from '../../src/surfaces/fence/help.ts';
import { fenceMetadata } from '../../src/surfaces/fence/metadata.ts';
import { indexOptions, optionsOf } from '../../src/surfaces/fence/options.ts';
import { ocfMetadata } from '../../src/surfaces/ocf/metadata.ts';
import { parametersOf } from '../../src/surfaces/ocf/parameters.ts';

const GOLDEN = '../agents/golden';

describe.each(['fence_nova', 'fence_nova_evacuate'] as const)('%s', (agent) => {
  it('has the metadata that operators have seen', async () => {
    await expect(fenceMetadata(agent)).toMatchFileSnapshot(`${GOLDEN}/${agent}.xml`);
  });

  it('names every option once, in each of its spellings', () => {
    const options = optionsOf(agent);
    const spellings = options.flatMap((option) => [option.name, ...option.older]);
    expect(new Set(spellings).size).toBe(spellings.length);
    const shorts = options.flatMap((option) => option.short ?? []);
    expect(new Set(shorts).size).toBe(shorts.length);
    const index = indexOptions(options);
    for (const option of options) {
      for (const spelling of [option.name, option.long, ...option.older]) {
        expect(index.byKey(spelling)).toBe(option);
        expect(index.byLong(spelling)).toBe(option);
      }
    }
  });

  it('explains every option in help and manual', () => {
    const help = fenceHelp(agent);
    const manual = fenceManpage(agent);
    for (const option of optionsOf(agent)) {
      expect(help).toContain(`--${option.long}`);
      expect(manual).toContain(`\\-\\-${option.long.replaceAll('-', '\\-')}`);
    }
    expect(help.split('\n').every((line) => line.length <= 90)).toBe(true);
  });
});

describe.each(['NovaEvacuate', 'NovaComputeWait'] as const)('%s', (agent) => {
  it('has the metadata that operators have seen', async () => {
    await expect(ocfMetadata(agent, '0.0.0')).toMatchFileSnapshot(`${GOLDEN}/${agent}.xml`);
  });

  it('has all parameters of the classic agent', () => {
    const names = parametersOf(agent).map((parameter) => parameter.name);
    expect(new Set(names).size).toBe(names.length);
    const classic = ['auth_url', 'username', 'password', 'tenant_name', 'domain', 'endpoint_type'];
    classic.push('region_name', 'insecure', 'no_shared_storage');
    classic.push(
      ...(agent === 'NovaEvacuate'
        ? ['verbose', 'evacuate_delay', 'user_domain', 'project_domain']
        : ['evacuation_delay']),
    );
    expect(names).toEqual(expect.arrayContaining(classic));
  });
});
