import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fillMarkers } from '../../scripts/reference.ts';
import { KEYS } from '../../src/config/table.ts';
import { CATALOGUE } from '../../src/domain/reason.ts';

const README = new URL('../../README.md', import.meta.url);

describe('the generated parts of the documentation', () => {
  it('are filled in between their markers, and only there', async () => {
    const names = ['config', 'reasons', 'exit-codes', 'commands'];
    const page = names.map(
      (name) => `PROSE\n<!-- ${name}:begin -->\nOUTDATED\n<!-- ${name}:end -->\n`,
    );
    const filled = await fillMarkers(page.join(''));
    expect(filled).not.toContain('OUTDATED');
    expect(filled.match(/PROSE/g)).toHaveLength(4);
    for (const key of KEYS) expect(filled).toContain(`\`${key}\``);
    for (const code of Object.keys(CATALOGUE)) expect(filled).toContain(code);
    expect(filled).toContain('`evacuate HOST`');
    expect(await fillMarkers(filled)).toBe(filled);
  });

  it('are up to date in README.md (else: npm run generate)', async () => {
    const text = existsSync(README) ? readFileSync(README, 'utf8') : '';
    expect(await fillMarkers(text)).toBe(text);
  });
});
