/**
 * What haproxy thinks of the two nova-api behind it.
 */
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Cloud } from './cloud.ts';

/** The state of each server behind it, as in `{ 'nova-api-2': 'UP' }`; rejects while it does not run. */
export async function proxied(cloud: Cloud): Promise<Readonly<Record<string, string>>> {
  const socket = createConnection(join(cloud.directory, 'run', 'haproxy.sock'));
  socket.end('show stat\n');
  const [head = '', ...rows] = (await text(socket)).replace(/^# /, '').split('\n');
  const columns = head.split(',');
  const [name, status] = [columns.indexOf('svname'), columns.indexOf('status')];
  return Object.fromEntries(
    rows.map((row) => row.split(',')).map((cells) => [cells[name] ?? '', cells[status] ?? '']),
  );
}
