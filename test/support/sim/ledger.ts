import type { Cloud } from '../../../src/simulator/cloud.ts';
import type { ApiRequest, ApiResponse } from '../../../src/simulator/request.ts';

/** One evacuation of an instance that was begun while another one was still at work in Nova. */
export interface Overlap {
  readonly instance: string;
  readonly by: string;
  readonly atMs: number;
}

/** A reset or a rebuild that destroyed something. */
export interface Harm {
  readonly instance: string;
  readonly what: 'a reset hits an evacuation' | 'a rebuild destroys new data';
}

/**
 * The truth about who asked for what: finds evacuations of one instance that overlap, and tells ours
 * from those that only an operator's own evacuation made overlap.
 */
export interface Ledger {
  /** Lets the cloud answer a request, and takes it down. */
  record(process: string, request: ApiRequest, sentAtMs: number, answered: boolean): ApiResponse;
  /** An operator evacuates by hand, past everything that we know. */
  evacuateByHand(id: string): void;
  /** An operator disables a host with a reason of his own. */
  park(host: string, reason: string): void;
  /** Hosts whose reason we wrote over without having been able to see it. */
  crossed(): ReadonlySet<string>;
  /** Overlaps that we have to answer for. */
  overlaps(): readonly Overlap[];
  /** Resets and rebuilds of ours that came at the wrong time. */
  harms(): readonly Harm[];
  /** Instances of which an operator started a second evacuation, or ours crossed his. */
  excused(): ReadonlySet<string>;
  /** How many evacuations were accepted from our processes. */
  sent(): number;
  /** The same one by one, with the moment at which each left its process. */
  posts(): readonly Post[];
  /** What our processes enabled or un-forced. */
  lifts(): readonly Lift[];
}

/** An evacuation that Nova accepted from us. */
interface Post {
  readonly instance: string;
  readonly source: string;
  readonly sentAtMs: number;
}

/** A host that we enabled or un-forced. */
interface Lift {
  readonly host: string;
  readonly sentAtMs: number;
}

/** Makes the ledger of a cloud. */
export function createLedger(cloud: Cloud, now: () => number): Ledger {
  const overlaps: Overlap[] = [];
  const harms: Harm[] = [];
  const excused = new Set<string>();
  const byHand = new Map<string, number>();
  /** When a process' last successful look at the evacuations of a host was answered by Nova. */
  const looks = new Map<string, number>();
  const parkedAt = new Map<string, number>();
  const crossed = new Set<string>();
  const posts: Post[] = [];
  const lifts: Lift[] = [];

  const liveFlights = (id: string): readonly string[] =>
    [...cloud.world.truth.flights]
      .filter((flight) => flight.instance.id === id)
      .map((flight) => flight.action.requestId);

  function judge(id: string, process: string, sentAtMs: number, live: readonly string[]): void {
    const source = cloud.instance(id).evacuatePosts.at(-1)?.source ?? '';
    posts.push({ instance: id, source, sentAtMs });
    if (live.length === 0) return;
    const looked = looks.get(`${process} ${source}`) ?? 0;
    // Ours crossed an operator's: when we looked last, before sending, his was not there yet.
    const crossed = live.every(
      (requestId) => (byHand.get(requestId) ?? -1) >= Math.min(looked, sentAtMs),
    );
    if (crossed) excused.add(id);
    else overlaps.push({ instance: id, by: process, atMs: now() });
  }

  /** What a reset or a rebuild is about to hit; it counts if Nova takes it. */
  function harmOf(request: ApiRequest): Harm | null {
    const reset = named(request, 'os-resetState');
    if (reset !== null && cloud.world.instances.byId.has(reset)) {
      return liveFlights(reset).length > 0
        ? { instance: reset, what: 'a reset hits an evacuation' }
        : null;
    }
    const rebuilt = named(request, 'rebuild');
    if (rebuilt === null || !cloud.world.instances.byId.has(rebuilt)) return null;
    const { disk, vmState } = cloud.instance(rebuilt);
    const wanted = (request.body as { rebuild: { imageRef?: string } }).rebuild.imageRef;
    return disk === wanted && vmState !== 'error'
      ? { instance: rebuilt, what: 'a rebuild destroys new data' }
      : null;
  }

  /** Nova has no compare-and-set: what changed between our look and our PUT is lost. */
  function noteService(
    process: string,
    request: ApiRequest,
    sentAtMs: number,
    answered: boolean,
  ): void {
    if (request.method === 'GET' && request.path.endsWith('/os-services') && answered) {
      looks.set(`${process} services`, now());
    }
    if (request.method !== 'PUT') return;
    const uuid = /\/os-services\/([^/]+)$/.exec(request.path)?.[1] ?? '';
    const host = cloud.world.hostsByService.get(uuid)?.name ?? '';
    const { status, forced_down: forced } = request.body as ServiceChange;
    if (status === 'enabled' || forced === false) lifts.push({ host, sentAtMs });
    const looked = looks.get(`${process} services`) ?? 0;
    // It may have been long on its way, and other looks have been answered meanwhile.
    if (Math.min(looked, sentAtMs) <= (parkedAt.get(host) ?? -1)) crossed.add(host);
  }

  return {
    record(process, request, sentAtMs, answered) {
      const id = named(request, 'evacuate');
      const known = id !== null && cloud.world.instances.byId.has(id) ? id : null;
      const before = known === null ? 0 : cloud.evacuatePosts(known).length;
      const live = known === null ? [] : liveFlights(known);
      const harm = harmOf(request);
      const response = cloud.handle(request);
      if (harm !== null && response.status === 202) harms.push(harm);
      if (known !== null && cloud.evacuatePosts(known).length > before) {
        judge(known, process, sentAtMs, live);
      }
      noteService(process, request, sentAtMs, response.status === 200 && answered);
      const source = request.query['source_compute'];
      if (answered && request.path.endsWith('/os-migrations') && typeof source === 'string') {
        if (response.status === 200) looks.set(`${process} ${source}`, now());
      }
      return response;
    },
    evacuateByHand(id) {
      const live = liveFlights(id);
      // His own fault: a record is not over. What waits in the queue of a dead nova-compute is no flight.
      const isOpen = cloud
        .instance(id)
        .migrations.some(({ status }) => status === 'accepted' || status === 'pre-migrating');
      const requestId = cloud.evacuateByHand(id);
      if (requestId === undefined) return;
      byHand.set(requestId, now());
      if (live.length > 0 || isOpen) excused.add(id);
    },
    park(name, reason) {
      const host = cloud.world.hosts.get(name);
      if (host === undefined) return;
      host.disabled = true;
      host.disabledReason = reason;
      host.savedAtMs = now();
      parkedAt.set(name, now());
    },
    crossed: () => crossed,
    overlaps: () => overlaps,
    harms: () => harms,
    excused: () => excused,
    sent: () => posts.length,
    posts: () => posts,
    lifts: () => lifts,
  };
}

/** What a PUT on a service may ask for. */
interface ServiceChange {
  readonly status?: string;
  readonly forced_down?: boolean;
}

/** The instance that a request wants something done to, or null. */
function named(request: ApiRequest, action: string): string | null {
  if (request.method !== 'POST' || typeof request.body !== 'object' || request.body === null) {
    return null;
  }
  if (!(action in request.body)) return null;
  return /\/servers\/([^/]+)\/action$/.exec(request.path)?.[1] ?? null;
}
