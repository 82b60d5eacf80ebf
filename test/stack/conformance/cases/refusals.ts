/**
 * Requests to evacuate that Nova does not take.
 */
import { action, failed, fault, get, setService, type Expectation } from '../expectation.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const EVACUATE = { evacuate: {} };

function wrongState(instance: string, state: string): unknown {
  const message = `Cannot 'evacuate' instance {${instance}} while it is in vm_state ${state}`;
  return fault('conflictingRequest', 409, message);
}

/** Why Nova says no to an evacuation. */
export const REFUSALS: readonly Expectation[] = [
  {
    name: 'a host that is up is not evacuated',
    why: "Nova's own guard against two guests; it trusts the service, not the power",
    fresh: true,
    steps: [
      { boot: 'vm', on: 'a' },
      action(
        '{vm}',
        EVACUATE,
        400,
        fault('badRequest', 400, 'Compute service of {a} is still in use.'),
      ),
      // Dead, but not noticed yet: still the same answer.
      { powerOff: 'a' },
      action(
        '{vm}',
        EVACUATE,
        400,
        fault('badRequest', 400, 'Compute service of {a} is still in use.'),
      ),
      get('/os-migrations?migration_type=evacuation&instance_uuid={vm}', 200, { migrations: [] }),
    ],
  },
  {
    name: 'requests that make no sense are refused before anything happens',
    why: 'each is a mistake of ours, and repeating it is of no use',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'a' },
      action(
        UNKNOWN,
        EVACUATE,
        404,
        fault('itemNotFound', 404, `Instance ${UNKNOWN} could not be found.`),
      ),
      action(
        '{vm}',
        { evacuate: { host: '{a}' } },
        400,
        fault('badRequest', 400, "The target host can't be the same one."),
      ),
      action(
        '{vm}',
        { evacuate: { host: 'nosuch' } },
        404,
        fault('itemNotFound', 404, 'Compute host nosuch not found.'),
      ),
      action(
        '{vm}',
        { evacuate: { force: true } },
        400,
        fault('badRequest', 400, { $match: "'force' was unexpected" }),
      ),
      action(
        '{vm}',
        { evacuate: { onSharedStorage: true } },
        400,
        fault('badRequest', 400, { $match: "'onSharedStorage' was unexpected" }),
      ),
      action(
        '{vm}',
        EVACUATE,
        400,
        fault('badRequest', 400, { $match: "'onSharedStorage' is a required property" }),
        { microversion: '2.13' },
      ),
      action(
        '{vm}',
        EVACUATE,
        400,
        fault('badRequest', 400, { $match: "'onSharedStorage' is a required property" }),
        { microversion: null },
      ),
      action('{vm}', { evacuate: null }, 400, fault('badRequest', 400, { $match: 'None' })),
      action(
        '{vm}',
        { evacuate: { force: true } },
        400,
        fault('badRequest', 400, "Can't force to a non-provided destination"),
        { microversion: '2.67' },
      ),
      action(
        '{vm}',
        { nosuch: {} },
        400,
        fault('badRequest', 400, 'There is no such action: nosuch'),
      ),
    ],
  },
  {
    name: 'paused, suspended and rescued instances are not evacuated',
    why: 'they are reported, never silently forgotten',
    fresh: true,
    steps: [
      { boot: 'paused', on: 'a', state: 'paused' },
      { boot: 'suspended', on: 'a', state: 'suspended' },
      { boot: 'rescued', on: 'a', state: 'rescued' },
      ...failed('a'),
      action('{paused}', EVACUATE, 409, wrongState('paused', 'paused')),
      action('{suspended}', EVACUATE, 409, wrongState('suspended', 'suspended')),
      action('{rescued}', EVACUATE, 409, wrongState('rescued', 'rescued')),
      get('/os-migrations?migration_type=evacuation&source_compute={a}', 200, { migrations: [] }),
      // Nothing was evacuated: the host may be let up.
      setService('a', { forced_down: false }, 200),
    ],
  },
];
