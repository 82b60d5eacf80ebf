/**
 * Nova as small as it can be: one failed source, one destination, and for each instance its records,
 * the evacuations at work, and where its guest runs. Every function gives a new value.
 */

/** An evacuation record. */
export interface Row {
  readonly id: number;
  readonly status: 'accepted' | 'pre-migrating' | 'done' | 'failed' | 'error';
}

/** An evacuation on its way: in the conductor, in the destination's queue, being built, running. */
export interface Flight {
  /** The record that the conductor took for it: the oldest accepted one, not always its own. */
  readonly row: number | null;
  readonly stage: 'cast' | 'sent' | 'building' | 'spawned' | 'failing';
  /** What it fails of: its record says so before its fault and its events do. */
  readonly fault?: 'spawn' | 'late';
  /** It has lain in the conductor's queue for a tick: a conductor that is up takes it by then. */
  readonly waited: boolean;
}

/** What `os-instance-actions` shows of the newest evacuation. */
export interface Trace {
  readonly scheduling: 'none' | 'running' | 'done' | 'failed';
  readonly building: 'none' | 'running' | 'done' | 'failed';
  readonly fault?: 'spawn' | 'late';
}

/** An instance. */
export interface Vm {
  readonly moved: boolean;
  readonly error: boolean;
  readonly task: 'rebuilding' | 'spawning' | null;
  readonly fault: 'room' | 'spawn' | 'late' | null;
  /** Guests that run on the destination. */
  readonly guests: number;
  readonly rows: readonly Row[];
  readonly flights: readonly Flight[];
  readonly trace: Trace | null;
}

/** An active instance on the source. */
export const FRESH: Vm = {
  moved: false,
  error: false,
  task: null,
  fault: null,
  guests: 0,
  rows: [],
  flights: [],
  trace: null,
};

const setRow = (vm: Vm, id: number | null, status: Row['status']): readonly Row[] =>
  vm.rows.map((row) => (row.id === id ? { ...row, status } : row));

const setFlight = (vm: Vm, index: number, flight: Flight | null): readonly Flight[] =>
  vm.flights.flatMap((old, i) => (i === index ? (flight ?? []) : old));

/** nova-api takes a POST, whatever is under way already (Nova >= 24.2.1, 25.1, 26). */
export function accept(vm: Vm, id: number): Vm {
  return {
    ...vm,
    task: 'rebuilding',
    rows: [{ id, status: 'accepted' }, ...vm.rows],
    flights: [...vm.flights, { row: null, stage: 'cast', waited: false }],
    trace: { scheduling: 'none', building: 'none' },
  };
}

/** What becomes of an evacuation next; `index` is its place among the instance's flights. */
export type FlightStep =
  'go-on' | 'no-room' | 'lost-in-conductor' | 'lost-quietly' | 'fail' | 'die';

/** The steps that an evacuation can take, the healthy one first. */
export function stepsOf(flight: Flight): readonly FlightStep[] {
  switch (flight.stage) {
    case 'cast':
      return ['go-on', 'no-room', 'lost-in-conductor', 'lost-quietly'];
    case 'sent':
      return ['go-on', 'fail'];
    case 'building':
      return ['go-on', 'fail', 'die'];
    case 'spawned':
    case 'failing':
      return ['go-on', 'die'];
  }
}

/** Takes a step. */
export function fly(vm: Vm, index: number, step: FlightStep): Vm {
  const flight = vm.flights[index];
  if (flight === undefined) return vm;
  const ended = { ...vm, flights: setFlight(vm, index, null) };
  const traced = vm.trace ?? { scheduling: 'none', building: 'none' };
  switch (step) {
    case 'no-room': {
      const rows = setRow(vm, oldestAccepted(vm), 'error');
      const trace = { ...traced, scheduling: 'failed' } as const;
      return { ...ended, rows, error: true, task: null, fault: 'room', trace };
    }
    case 'lost-in-conductor':
      return { ...ended, trace: { ...traced, scheduling: 'failed' } };
    case 'lost-quietly':
    case 'die':
      return ended;
    case 'fail':
      return failed(vm, index, 'spawn');
    case 'go-on':
      return goOn(vm, index, flight, traced);
  }
}

function goOn(vm: Vm, index: number, flight: Flight, trace: Trace): Vm {
  switch (flight.stage) {
    case 'cast': {
      const flights = setFlight(vm, index, {
        row: oldestAccepted(vm),
        stage: 'sent',
        waited: false,
      });
      return { ...vm, flights, trace: { ...trace, scheduling: 'done' } };
    }
    case 'sent': {
      if (vm.task !== 'rebuilding') return failed(vm, index, 'late');
      const flights = setFlight(vm, index, { ...flight, stage: 'building' });
      const rows = setRow(vm, flight.row, 'pre-migrating');
      return { ...vm, flights, rows, task: 'spawning', trace: { ...trace, building: 'running' } };
    }
    case 'building': {
      const flights = setFlight(vm, index, { ...flight, stage: 'spawned' });
      return { ...vm, flights, guests: vm.guests + 1 };
    }
    case 'spawned': {
      if (vm.task !== 'spawning') return failed(vm, index, 'late');
      const rows = setRow(vm, flight.row, 'done');
      const well = { moved: true, error: false, task: null, fault: null } as const;
      const flights = setFlight(vm, index, null);
      return { ...vm, ...well, rows, flights, trace: { ...trace, building: 'done' } };
    }
    case 'failing': {
      const { fault = 'late' } = flight;
      const flights = setFlight(vm, index, null);
      const task = fault === 'spawn' ? null : vm.task;
      return {
        ...vm,
        flights,
        error: true,
        fault,
        task,
        trace: { ...trace, building: 'failed', fault },
      };
    }
  }
}

/** Its record is `failed`; after a late failure a guest stays behind. */
function failed(vm: Vm, index: number, fault: 'spawn' | 'late'): Vm {
  const flight = vm.flights[index];
  if (flight === undefined) return vm;
  const rows = setRow(vm, flight.row, 'failed');
  const trace = { ...(vm.trace ?? { scheduling: 'done' as const }), building: 'running' } as const;
  return {
    ...vm,
    rows,
    flights: setFlight(vm, index, { ...flight, stage: 'failing', fault }),
    trace,
  };
}

/** Rows stand newest first. */
const oldestAccepted = (vm: Vm): number | null =>
  vm.rows.findLast((row) => row.status === 'accepted')?.id ?? null;

/** Whether a conductor would have taken it by now, so that no more time can pass. */
export const isOverdue = (vm: Vm): boolean =>
  vm.flights.some((flight) => flight.stage === 'cast' && flight.waited);

/** A tick passes. */
export const wait = (vm: Vm): Vm => ({
  ...vm,
  flights: vm.flights.map((flight) =>
    flight.stage === 'cast' ? { ...flight, waited: true } : flight,
  ),
});
