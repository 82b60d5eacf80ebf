import type { Selection, SelectRule } from '../domain/selection.ts';
import type { ConditionSetting, RuleSetting } from './rows-select.ts';
import type { Settings } from './table.ts';

/** Which instances are evacuated, as the settings say it. */
export const selectionOf = (settings: Settings): Selection => ({
  mode: settings['select.mode'],
  hosts: settings['select.hosts'],
  tags: {
    image: settings['select.image_tags'],
    flavor: settings['select.flavor_tags'],
    aggregate: settings['select.aggregate_tags'],
    metadata: settings['select.metadata_tags'],
    server: settings['select.server_tags'],
  },
  rules: settings['select.rules'].map(ruleOf),
});

function ruleOf({ name, include, exclude }: RuleSetting, index: number): SelectRule {
  const conditions = include ?? exclude;
  if (conditions === null) throw new Error('a rule without conditions passed the check');
  return {
    then: include === null ? 'exclude' : 'include',
    label: name === null ? String(index + 1) : `"${name}"`,
    when: whenOf(conditions),
  };
}

const whenOf = (written: ConditionSetting): SelectRule['when'] => ({
  project: written.project,
  name: written.name,
  serverTag: written.server_tag,
  metadata: written.metadata,
  imageTag: written.image_tag,
  imageProperty: written.image_property,
  flavor: written.flavor,
  flavorSpec: written.flavor_spec,
  aggregate: written.aggregate,
  aggregateMetadata: written.aggregate_metadata,
});
