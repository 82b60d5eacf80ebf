import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { fenceTable, ocfTable, withTables } from '../support/agent-tables.ts';

it('has the tables of the agents in its README (vitest -u rewrites them)', async () => {
  const path = new URL('../../fence-agents/README.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const filled = withTables(readme, {
    'fence-options': fenceTable(),
    NovaEvacuate: ocfTable('NovaEvacuate'),
    NovaComputeWait: ocfTable('NovaComputeWait'),
  });
  const text = await format(filled, { ...(await resolveConfig(path)), parser: 'markdown' });
  await expect(text).toMatchFileSnapshot('../../fence-agents/README.md');
});
