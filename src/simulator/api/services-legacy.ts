import { isServiceUp } from '../hosts.ts';
import { hasDoneEvacuations } from '../migrations.ts';
import { asRecord, asText, fault, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';
import { setServiceStatus, unforceRefusal } from './service-status.ts';
import { readBoolean, unexpectedProperties } from './validation.ts';

const VERBS = new Set(['enable', 'disable', 'disable-log-reason', 'force-down']);

/** Whether a path names one of the verbs that were there before services had UUIDs. */
export function isLegacyVerb(word: string): boolean {
  return VERBS.has(word);
}

function forceDown(call: Call, body: Record<string, unknown>): ApiResponse {
  const { world, version } = call;
  if (version < 11) return fault(404, 'The resource could not be found.');
  const host = world.hosts.get(asText(body['host']) ?? '');
  const forcedDown = readBoolean(body['forced_down']) ?? false;
  if (host === undefined)
    return fault(404, `Host '${String(asText(body['host']))}' is not mapped to any cell`);
  if (!forcedDown && world.habits.guardUnforce && hasDoneEvacuations(host)) {
    return fault(400, unforceRefusal(host.name));
  }
  host.forcedDown = forcedDown;
  host.savedAtMs = world.clock.now();
  return reply(200, {
    service: { host: host.name, binary: 'nova-compute', forced_down: forcedDown },
  });
}

/** PUT /os-services/{enable|disable|disable-log-reason|force-down}, below 2.53: what old fence agents send. */
export function updateServiceByVerb(call: Call, verb: string): ApiResponse {
  const { world, request, version } = call;
  if (!call.policy.servicesUpdate) return forbidden('os-services:update');
  const body = asRecord(request.body) ?? {};
  if (version >= 53) {
    const known = new Set(['status', 'disabled_reason', 'forced_down']);
    const message = unexpectedProperties(Object.keys(body), known);
    return fault(400, message ?? `Invalid uuid ${verb}`);
  }
  if (verb === 'force-down') return forceDown(call, body);
  const name = asText(body['host']) ?? '';
  const host = world.hosts.get(name);
  if (host === undefined) return fault(404, `Host '${name}' is not mapped to any cell`);
  const wasUp = isServiceUp(world, host);
  const reason = verb === 'disable-log-reason' ? asText(body['disabled_reason']) : undefined;
  const delayMs = setServiceStatus(world, { host, disabled: verb !== 'enable', reason, wasUp });
  const service = {
    host: host.name,
    binary: 'nova-compute',
    status: host.disabled ? 'disabled' : 'enabled',
    ...(reason === undefined ? {} : { disabled_reason: reason }),
  };
  const answer = reply(200, { service });
  return delayMs === undefined ? answer : { ...answer, delayMs };
}
