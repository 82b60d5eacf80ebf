/** The clock of a simulated cloud: what time it is, and what happens later. */
export interface SimClock {
  /** Current time, in milliseconds since the epoch. */
  now(): number;
  /** Runs `fn` at `timeMs` (at once, but never synchronously, if that is past); the result cancels it. */
  at(timeMs: number, fn: () => void): () => void;
}

/** A clock that moves only when it is told to: the base of deterministic simulation. */
export interface VirtualClock extends SimClock {
  /** Runs every timer due up to `timeMs`, in order, then stands at `timeMs`. */
  advanceTo(timeMs: number): void;
  /** When the next timer is due, or undefined if there is none. */
  nextTimerAt(): number | undefined;
  /** Jumps to the next timer and runs it; false if there is none. */
  runNext(): boolean;
}

interface Timer {
  readonly timeMs: number;
  readonly order: number;
  fn: (() => void) | undefined;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.timeMs === b.timeMs ? a.order < b.order : a.timeMs < b.timeMs;
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !isBefore(timer, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    let childIndex = 2 * index + 1;
    let child = heap[childIndex];
    if (child === undefined) break;
    const right = heap[childIndex + 1];
    if (right !== undefined && isBefore(right, child)) {
      child = right;
      childIndex += 1;
    }
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
  return top;
}

/** Makes a clock that stands at `startMs` until it is advanced; timers of one instant run in the order of their making. */
export function createVirtualClock(startMs: number): VirtualClock {
  const heap: Timer[] = [];
  let nowMs = startMs;
  let order = 0;

  // Cancelled timers stay in the heap without a function and are dropped when they surface.
  const peek = (): Timer | undefined => {
    while (heap[0] !== undefined && heap[0].fn === undefined) pop(heap);
    return heap[0];
  };

  const runNext = (): boolean => {
    const timer = peek();
    if (timer?.fn === undefined) return false;
    pop(heap);
    nowMs = Math.max(nowMs, timer.timeMs);
    const fn = timer.fn;
    timer.fn = undefined;
    fn();
    return true;
  };

  return {
    now: () => nowMs,
    at: (timeMs, fn) => {
      const timer: Timer = { timeMs: Math.max(timeMs, nowMs), order: order++, fn };
      push(heap, timer);
      return () => {
        timer.fn = undefined;
      };
    },
    nextTimerAt: () => peek()?.timeMs,
    runNext,
    advanceTo: (timeMs) => {
      for (let timer = peek(); timer !== undefined && timer.timeMs <= timeMs; timer = peek()) {
        runNext();
      }
      nowMs = Math.max(nowMs, timeMs);
    },
  };
}

/** Node turns longer timers into one millisecond; nothing simulated lasts that long (24 days). */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's own clock; its timers do not keep a process alive. */
export function createRealClock(): SimClock {
  return {
    now: () => Date.now(),
    at: (timeMs, fn) => {
      const delayMs = Math.min(Math.max(0, timeMs - Date.now()), LONGEST_TIMER_MS);
      const handle = setTimeout(fn, delayMs);
      handle.unref();
      return () => {
        clearTimeout(handle);
      };
    },
  };
}
