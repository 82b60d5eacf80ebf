import { applied, refused, uncertain } from '../../domain/outcome.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import { complaint, noEcho } from './reading.ts';
import { causeOf } from './refusal.ts';
import type { Call, Reply, Session } from './session.ts';

/**
 * Makes a change. Applied: a 2xx that confirms the microversion. Refused: nothing was sent, or a 3xx
 * or 4xx came. Everything else is uncertain: a 5xx of Nova may come after it has written its records
 * (evacuate creates the migration row first), and without the echo we do not know what was done.
 */
export async function write(session: Session, call: Call): Promise<WriteOutcome<Reply>> {
  const result = await session.call(call);
  if (result.kind === 'refused') return result;
  if (result.kind === 'uncertain') return result;
  const { status } = result;
  if (status >= 200 && status < 300) {
    return result.echoed
      ? applied(result)
      : uncertain(`${result.label}: ${status}, ${noEcho(result)}`);
  }
  if (status < 300 || status >= 500) return uncertain(complaint(result));
  const cause = causeOf(result);
  if (cause === 'uncertain') return uncertain(complaint(result));
  const hint = cause === 'bad-request' && !result.echoed ? `; ${noEcho(result)}` : '';
  return refused(cause, `${complaint(result)}${hint}`, status);
}
