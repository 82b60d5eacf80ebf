import type { Held, Place } from './places.ts';

const holding = (name: string): Place => ['checklist/holding.test.ts', name];
const select = (name: string): Place => ['checklist/select.test.ts', name];
const pace = (name: string): Place => ['checklist/pace.test.ts', name];
const planned = (name: string): Place => ['checklist/planned.test.ts', name];
const reserve = (name: string): Place => ['checklist/reserve.test.ts', name];
const states = (name: string): Place => ['sim/states.test.ts', name];
const flight = (name: string): Place => ['domain/flight.test.ts', name];
const trust = (name: string): Place => ['openstack/trust.test.ts', name];
const power = (name: string): Place => ['adapters/power.test.ts', name];
const contract = (name: string): Place => ['support/store-contract.ts', name];
const worker = (name: string): Place => ['engine/worker.test.ts', name];

/** The behaviour that the peers' tests and bugs ask for, line by line. */
export const LINES: readonly Held[] = [
  ['1', holding('checklist 1:')],
  ['2', holding('checklist 2:')],
  ['3', holding('checklist 3:')],
  ['4', trust('a body of another form is unknown, naming the place')],
  ['5', holding('checklist 5:')],
  ['6', holding('checklist 6:')],
  [
    '7',
    ['system/store-pacemaker.test.ts', 'no lease and no mark without quorum, and both say why'],
  ],
  ['8', worker('a store that is away is waited for')],
  ['9', holding('checklist 9:')],
  ['10', holding('checklist 10:')],
  ['11', 'thresholds count hosts that may fail; select.hosts says who moves, not who counts'],
  ['12', holding('checklist 12:')],
  ['13', holding('checklist 13:')],
  [
    '14',
    'there are no heartbeats whose number could drop; services that fall silent are lines 5 and 15',
  ],
  ['15', holding('checklist 15:')],
  ['16', 'there are no heartbeats of our own: Pacemaker detects failures'],
  ['17', 'there is no listener that starts; a worker that starts knows what the store knows'],
  [
    '18',
    [
      'domain/died.test.ts',
      'is told once, with what is there and what the cluster says of the node',
    ],
  ],
  ['19', ['engine/nobody-left.test.ts', 'a failed host without instances is done']],
  ['20', trust('are not believed when empty because the cell is out of reach')],
  ['21', select('checklist 21:')],
  ['22', select('checklist 22 and I16:')],
  ['23', select('checklist 23:')],
  ['24', select('checklist 24:')],
  ['25', select('checklist 25:')],
  [
    '26',
    ['surfaces/cli/fence.test.ts', 'leaves the mark and starts nothing when it may still be on'],
  ],
  [
    '27',
    power('is done when the machine says so, not the agent'),
    power('a machine that stays on is uncertain'),
  ],
  ['28', power('an agent that fails over a machine that is off is fine')],
  [
    '29',
    ['system/exec.test.ts', 'a program that hangs is killed with its children'],
    power('the agent gets its options on standard input, none as an argument'),
  ],
  [
    '30',
    'power devices are switched by the installed fence agents; bare metal operators are none of them',
  ],
  [
    '31',
    power('is not on, nor silence, nor a host without a device'),
    ['adapters/pacemaker/nodes.test.ts', 'two nodes of one short name: nobody guesses'],
  ],
  [
    '32',
    ['domain/isolation.test.ts', 'is seen only when Nova shows all of it'],
    ['domain/isolation.test.ts', 'disables with our reason and forces down, together'],
  ],
  ['33', 'crash dumps are a fencing level of Pacemaker (fence_kdump) before ours'],
  ['34', 'as line 33; the way back waits for a clean nova-compute, not for a time'],
  [
    '35',
    reserve('checklist 35: reserved host by aggregate'),
    reserve('checklist 35: already claimed'),
  ],
  ['36', reserve('checklist 36:')],
  [
    '37',
    ['openstack/compute.test.ts', 'of an instance in %s is refused as %s'],
    flight('a refused request'),
  ],
  ['38', ['domain/reset.test.ts', 'is not believed to be reset because Nova said 202']],
  ['39', states('F15, checklist 39 to 41:')],
  ['40', planned('checklist 40:'), states('F15, checklist 39 to 41:')],
  ['41', planned('checklist 41:'), states('checklist 41, I8:')],
  ['42', planned('checklist 42:'), flight('every row of the table of records and hosts')],
  ['43', flight('is not judged without the list of its records, or without a look at it')],
  ['44', pace('checklist 44:')],
  ['45', pace('checklist 45:'), planned('checklist 45:')],
  ['46', pace('checklist 46:'), planned('checklist 46:')],
  ['47', ['checklist/order.test.ts', 'checklist 47:'], pace('checklist 47:')],
  [
    '48',
    ['system/worker-kill.test.ts', 'a worker that is killed again and again'],
    ['sim/exhaustive-one.test.ts', 'a worker crashes at any boundary'],
  ],
  [
    '49',
    planned('checklist 49:'),
    ['domain/isolation.test.ts', 'is not repeated over an operator who lifts it after it was seen'],
  ],
  ['50', flight('the last try that counts is the last'), ['sim/mutants.test.ts', 'TerminalStays']],
  ['51', contract('one holder at a time, each host for itself')],
  [
    '52',
    ['domain/readmission.test.ts', 'un-forces when all are completed, failed or in error'],
    ['domain/readmission.test.ts', 'enables only after it was up for its probation'],
    ['domain/readmission.test.ts', 'does nothing on unknown records'],
  ],
  ['53', holding('checklist 53:')],
  [
    '54',
    trust('are renewed on 401, also for a POST, which then runs once'),
    [
      'system/worker-service.test.ts',
      'is not restarted for a Nova that hangs, and keeps its leases meanwhile',
    ],
  ],
  ['55', ['system/worker-service.test.ts', 'drains within seconds, sends nothing more']],
  [
    '56',
    ['adapters/log.test.ts', 'are masked in fields by name, however deep, and in errors'],
    ['openstack/wire.test.ts', 'are struck out, escaped or not'],
  ],
  ['57', ['system/exec.test.ts', 'arguments are never interpreted']],
  [
    '58',
    ['config/load.test.ts', 'are all told at once'],
    ['config/load.test.ts', 'name a file that is not there or cannot be read'],
  ],
  ['59', 'there are no metrics yet; the history is appended to without being waited for'],
  [
    '60',
    ['system/worker-service.test.ts', 'the clock of the machine is %i ms off'],
    ['adapters/system.test.ts', 'follows a wall clock that was set'],
  ],
  [
    '61',
    ['engine/plan-calls.test.ts', 'takes a handful of calls by default'],
    ['bench/main.ts', 'big-host'],
  ],
  [
    '62',
    ['openstack/wire.test.ts', 'takes the region asked for and the first interface that is there'],
  ],
  [
    '63',
    [
      'system/store-pacemaker.test.ts',
      'a mark that an older configuration wiped out is put back while somebody watches',
    ],
    worker('rebuilds a mark that the store has lost, and waits before it sends'),
  ],
  ['64', ['system/agents-fence.test.ts', 'gives up within its time when the store keeps hanging']],
  ['65', ['surfaces/fence/agent.test.ts', 'marks a host that is down and disabled already']],
  [
    '66',
    [
      'system/agents-differential.test.ts',
      'off without Keystone succeeds: the mark is what counts',
    ],
  ],
  ['67', ['surfaces/fence/input.test.ts', 'knows yes from no']],
  [
    '68',
    worker('a bug that hits one host leaves the others alone'),
    contract('a damaged record is unknown and said where it lies'),
  ],
  ['69', ['domain/track.test.ts', 'has landed when its host is another one, and not before']],
  [
    '70',
    contract('a late writer with an old epoch is refused'),
    ['system/worker-pause.test.ts', 'two workers of which the leaseholder is frozen'],
  ],
];
