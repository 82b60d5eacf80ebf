import * as v from 'valibot';
import { known, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import { faultOf, messageOf } from './refusal.ts';
import type { Call, Reply, Session } from './session.ts';

/** A shape that a body must have. */
export type Shape<T> = v.GenericSchema<unknown, T>;

/**
 * Reads a body of a shape; anything else is unknown, with a sentence that names the URL, the status
 * and Nova's own words. An answer without the microversion echo is not believed: at 2.1, which Nova
 * takes when a proxy strips the header, the same body means other things.
 */
export async function read<T>(session: Session, call: Call, shape: Shape<T>): Promise<Known<T>> {
  const found = await readOrAbsent(session, call, shape);
  if (found.kind === 'known' && found.value === null) {
    return unknown(`${call.method} ${call.path}: Nova knows no such thing (404)`);
  }
  return found as Known<T>;
}

/** As {@link read}; null when Nova itself (and not something before it) says 404 itemNotFound. */
export async function readOrAbsent<T>(
  session: Session,
  call: Call,
  shape: Shape<T>,
): Promise<Known<T | null>> {
  const result = await session.call(call);
  if (result.kind === 'refused') return unknown(result.refusal.message);
  if (result.kind === 'uncertain') return unknown(result.why);
  if (result.status === 404 && faultOf(result.body)?.name === 'itemNotFound') {
    return known(null, result.at);
  }
  if (result.status !== 200) return unknown(complaint(result));
  if (!result.echoed) return unknown(`${result.label}: ${noEcho(result)}`);
  const parsed = v.safeParse(shape, result.body, { abortEarly: true });
  if (parsed.success) return known(parsed.output, result.at);
  const issue = parsed.issues[0];
  const place = v.getDotPath(issue) ?? 'the body';
  return unknown(
    `${result.label}: the answer has an unexpected form at ${place} (${issue.message})`,
  );
}

/** A failed answer as a sentence. */
export const complaint = (reply: Reply): string =>
  `${reply.label}: ${reply.status}, ${messageOf(reply)}`;

/** What a missing echo means. */
export const noEcho = (reply: Reply): string =>
  `the answer does not confirm microversion 2.${reply.minor}: does a proxy strip the header OpenStack-API-Version?`;
