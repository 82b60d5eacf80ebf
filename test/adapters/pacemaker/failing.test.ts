import { describe, expect, it } from 'vitest';
import { createFailing } from '../../../src/adapters/pacemaker/failing.ts';
import type { Exec, ExecOutcome } from '../../../src/adapters/exec.ts';
import { asHost } from '../../../src/domain/ids.ts';

const HOSTS = ['compute-1', 'compute-2', 'compute-3'].map(asHost);

// As Pacemaker 2.1.5 prints it, the resources of the nodes left out.
const MON = (nodes: string): string =>
  `<pacemaker-result api-version="2.25" request="crm_mon -1 --output-as=xml"><nodes>${nodes}</nodes><status code="0" message="OK"/></pacemaker-result>`;
const node = (name: string, online: boolean, unclean: boolean, type = 'remote'): string =>
  `<node name="${name}" id="${name}" online="${String(online)}" standby="false" unclean="${String(unclean)}" type="${type}"/>`;

const answering =
  (outcome: ExecOutcome): Exec =>
  () =>
    Promise.resolve(outcome);
const printing = (stdout: string): Exec =>
  answering({ kind: 'exited', code: 0, stdout, stderr: '' });
const failing = (exec: Exec) => createFailing({ exec, now: () => 5 })(HOSTS);

describe('nodes that are being fenced', () => {
  it('are those that are unclean, neither stopped nor fenced nor controllers', async () => {
    const text = MON(
      node('compute-1', false, true) +
        node('compute-2', false, false) +
        node('compute-3', true, false) +
        node('ctl-1', false, true, 'member'),
    );
    expect(await failing(printing(text))).toEqual({
      kind: 'known',
      value: [asHost('compute-1')],
      at: 5,
    });
  });

  it('are unknown when crm_mon does not answer as it should', async () => {
    expect((await failing(printing('<html/>'))).kind).toBe('unknown');
    expect((await failing(printing(''))).kind).toBe('unknown');
    const down: ExecOutcome = { kind: 'exited', code: 102, stdout: '', stderr: 'not connected' };
    expect((await failing(answering(down))).kind).toBe('unknown');
  });
});
