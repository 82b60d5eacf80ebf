import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tellStory } from '../support/sim/story.ts';

const FOLDER = new URL('../scenarios/', import.meta.url);
/** Between what happens and what comes of it. */
const RULE = '-'.repeat(20);
const isUpdating = process.env['UPDATE_SCENARIOS'] === '1';

describe('the scenarios', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

  it.each(names)('%s', async (name) => {
    const file = new URL(name, FOLDER);
    const [script = '', golden = ''] = readFileSync(file, 'utf8').split(`\n${RULE}\n`);
    const { trace, surprises } = await tellStory(script.split('\n'));
    expect(surprises).toEqual([]);
    const told = `${trace.join('\n')}\n`;
    if (isUpdating) writeFileSync(file, `${script.trimEnd()}\n${RULE}\n${told}`);
    else expect(told).toBe(golden);
  });
});
