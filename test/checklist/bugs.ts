import type { Held, Place } from './places.ts';

const agent = (name: string): Place => ['surfaces/fence/agent.test.ts', name];
const input = (name: string): Place => ['surfaces/fence/input.test.ts', name];
const ocf = (name: string): Place => ['surfaces/ocf/evacuate-agent.test.ts', name];
const wait = (name: string): Place => ['surfaces/ocf/compute-wait-agent.test.ts', name];
const flight = (name: string): Place => ['domain/flight.test.ts', name];
const holding = (name: string): Place => ['checklist/holding.test.ts', name];
const contract = (name: string): Place => ['support/store-contract.ts', name];
const service = (name: string): Place => ['system/worker-service.test.ts', name];

/** The bugs of fence_compute and fence_evacuate (F), NovaEvacuate (N), InstanceHA (I) and Masakari (M). */
export const BUGS: readonly Held[] = [
  [
    'F1',
    agent('marks durably before it touches Nova, then isolates'),
    ['system/agents-fence.test.ts', 'killed at any moment leaves a whole mark or none'],
  ],
  ['F2', agent('marks a host that is down and disabled already')],
  [
    'F3',
    [
      'system/agents-differential.test.ts',
      'off without Keystone succeeds: the mark is what counts',
    ],
  ],
  ['F4', ['domain/isolation.test.ts', 'disables with our reason and forces down, together']],
  ['F5', input('knows yes from no')],
  ['F6', input('knows yes from no'), ['sim/states.test.ts', 'F6:']],
  ['F7', input('knows yes from no')],
  ['F8', ['surfaces/fence/request.test.ts', 'takes compute_domain for domain']],
  ['F9', agent('is bounded by power_timeout by hand, not under Pacemaker')],
  ['F10', ['system/agents-differential.test.ts', 'reboot of a host that is down and disabled']],
  ['F11', agent('marks even with record_only=2, and says so')],
  ['F12', agent('fails in time when it is never settled, and changes nothing')],
  ['F13', ['engine/plan-calls.test.ts', 'G13, F13:']],
  [
    'F14',
    [
      'system/store-pacemaker.test.ts',
      'a mark that an older configuration wiped out is put back while somebody watches',
    ],
  ],
  ['F15', ['sim/states.test.ts', 'F15, checklist 39 to 41:']],
  ['F16', input('takes every older spelling, - and _ alike')],
  ['N1', flight('taken by Nova, it is followed')],
  [
    'N2',
    ['domain/track.test.ts', 'grows to its limit, and differs from instance to instance'],
    flight('waits, however often it is looked at, until Nova was watched for long enough'),
  ],
  ['N3', ocf('is degraded while a human is needed, but not for a probe')],
  [
    'N4',
    ['engine/worker.test.ts', 'a bug that hits one host leaves the others alone'],
    ['engine/hung-turn.test.ts', 'go on while a turn is slow, and end when it never ends'],
  ],
  [
    'N5',
    ['engine/mark-host.test.ts', 'take up again what had stayed on a host that came back'],
    ['domain/life.test.ts', 'are reports: they go on, forward and evenly'],
  ],
  ['N6', contract('after its expiry, and not before, another one gets it with a higher epoch')],
  [
    'N7',
    ocf('starts the worker, with secrets in its environment only and no variables of the agent'),
  ],
  ['N8', 'credentials come from our own configuration, never from another resource of the cluster'],
  ['N9', wait('waits until the evacuation is settled, without a fixed delay')],
  [
    'N10',
    agent('never takes an unreachable store for settled'),
    wait('waits for a store that is away'),
  ],
  ['N11', ['system/agents-ocf.test.ts', 'never takes another process for its worker']],
  ['N12', ocf('refuses parameters that cannot be right anywhere')],
  ['N13', ocf('lets the worker drain')],
  ['I1', flight('is not judged without the list of its records, or without a look at it')],
  ['I2', holding('checklist 15:')],
  ['I3', ['checklist/select.test.ts', 'I3: exact match only']],
  [
    'I4',
    ['checklist/planned.test.ts', 'checklist 49:'],
    ['domain/readmission.test.ts', 'forced down by an operator before'],
  ],
  [
    'I5',
    ['adapters/pacemaker/nodes.test.ts', 'two nodes of one short name: nobody guesses'],
    agent('refuses to guess between two hosts with one short name'),
  ],
  ['I6', flight('taken by Nova, it is followed')],
  [
    'I7',
    ['domain/reset.test.ts', 'is never reset while an evacuation of it is under way'],
    flight('NoValidHost is not counted as a try, however often, and waits for capacity'),
  ],
  [
    'I8',
    ['checklist/planned.test.ts', 'checklist 41:'],
    ['sim/states.test.ts', 'checklist 41, I8:'],
  ],
  [
    'I9',
    [
      'sim/states.test.ts',
      'F15, checklist 39 to 41: all of them move, end as they should, and keep their locks',
    ],
  ],
  [
    'I10',
    [
      'domain/reset.test.ts',
      'is reset first, with a durable intent, and not sent in the same turn',
    ],
  ],
  ['I11', contract('of many who want a free lease exactly one gets it')],
  ['I12', service('is not restarted for a Nova that hangs, and keeps its leases meanwhile')],
  [
    'I13',
    holding('a switch ends at its time; one that cannot be read holds'),
    holding('checklist 15:'),
  ],
  ['I14', holding('I14:')],
  [
    'I15',
    ['support/switches-contract.ts', 'they come back as they were written, from every client'],
  ],
  [
    'I16',
    ['checklist/select.test.ts', 'checklist 22 and I16:'],
    ['engine/plan-calls.test.ts', 'G13, F13:'],
  ],
  ['I17', ['config/load.test.ts', 'are all told at once']],
  ['I18', ['engine/hung-turn.test.ts', 'go on while a turn is slow, and end when it never ends']],
  ['I19', ['engine/nobody-left.test.ts', 'a failed host without instances is done']],
  ['I20', 'a list of merged changes; the races behind them are the other lines'],
  ['M1', ['system/worker-kill.test.ts', 'a worker that is killed again and again']],
  ['M2', ['domain/isolation.test.ts', 'disables with our reason and forces down, together']],
  ['M3', flight('being built for too long, it needs a human')],
  [
    'M4',
    ['checklist/reserve.test.ts', 'M4: a retry takes no other reserved host'],
    ['checklist/reserve.test.ts', 'M4: a failure that was none'],
  ],
  [
    'M5',
    ['system/agents-fence.test.ts', 'waits for a store that hangs, and marks when it is back'],
    [
      'adapters/pacemaker/adopt.test.ts',
      'a remote node that was fenced and carries no mark is found',
    ],
  ],
  ['M6', ['adapters/pacemaker/proof.test.ts', 'the end of its whole fencing']],
  ['M7', contract('of many who want a free lease exactly one gets it')],
  ['M8', ['checklist/reserve.test.ts', 'M8:']],
  ['M9', ['openstack/keystone.test.ts', 'are fetched once for all who wait']],
  [
    'M10',
    holding('checklist 9:'),
    ['domain/sequence.test.ts', 'go by their most important member'],
  ],
  ['M11', flight('every row of the table of records and hosts')],
  ['M12', ['engine/hung-turn.test.ts', 'go on while a turn is slow, and end when it never ends']],
  [
    'M13',
    'Pacemaker has its own limits; nothing of ours runs on compute hosts but a wait at their start',
  ],
];
