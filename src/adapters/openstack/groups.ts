import { asInstance } from '../../domain/ids.ts';
import type { ServerGroup } from '../../domain/instance.ts';
import { known, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import type { Instant } from '../../domain/time.ts';
import { read } from './reading.ts';
import { groupPage } from './schema.ts';
import type { Session } from './session.ts';

/** From 2.64 on a group has one `policy`. */
const GROUPS_MINOR = 64;
const PAGE = 1000;
const MOST_PAGES = 1000;

/** The server groups of all projects. This list has offsets instead of markers, and no links. */
export async function readGroups(session: Session): Promise<Known<readonly ServerGroup[]>> {
  const groups = new Map<string, ServerGroup>();
  let offset = 0;
  let at: Instant | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { all_projects: 'true', limit: PAGE, offset };
    const call = { method: 'GET', path: '/os-server-groups', query, minor: GROUPS_MINOR } as const;
    const body = await read(session, call, groupPage);
    if (body.kind === 'unknown') return body;
    at ??= body.at;
    const rows = body.value.server_groups;
    if (rows.length === 0) return known([...groups.values()], at);
    for (const { id, name, policy, policies, members } of rows) {
      groups.set(id, {
        id,
        name,
        policy: policy ?? policies?.[0] ?? '',
        members: members.map(asInstance),
      });
    }
    offset += rows.length;
  }
  return unknown(`GET /os-server-groups: more than ${MOST_PAGES} pages`);
}
