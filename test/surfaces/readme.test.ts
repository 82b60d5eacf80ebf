import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fenceTable, ocfTable, withTables } from '../support/agent-tables.ts';

it('has the tables of the agents in its README (vitest -u rewrites them)', async () => {
  const readme = readFileSync(new URL('../../fence-agents/README.md', import.meta.url), 'utf8');
  const filled = withTables(readme, {
    'fence-options': fenceTable(),
    NovaEvacuate: ocfTable('NovaEvacuate'),
    NovaComputeWait: ocfTable('NovaComputeWait'),
  });
  await expect(filled).toMatchFileSnapshot('../../fence-agents/README.md');
});
