import { optional, row, secret } from './row.ts';
import { flag, integer, listOf, oneOf, path, text, verbatim } from './values.ts';

const address = text('a host with port, such as "redis-1:6379"');

/** Where the marks are kept. */
export const STORE_ROWS = {
  state_directory: optional(
    path(),
    'where state and the logs of background workers are kept',
    '/var/lib/nova-ha for root, else ~/.local/state/nova-ha',
  ),
  run_directory: optional(
    path(),
    'where a worker shows whoever supervises it that it is alive',
    '$RUNTIME_DIRECTORY (systemd), /run/nova-ha for root, else $XDG_RUNTIME_DIR/nova-ha',
  ),
  'store.kind': row(
    oneOf('file', 'redis', 'pacemaker', 'memory'),
    'file',
    "where marks and progress are kept; file: one machine; redis: several workers; pacemaker: the cluster's own configuration, one worker; memory: tests only",
  ),
  'store.directory': optional(
    path(),
    'the directory of the file store (and of the progress beside the pacemaker store)',
    '"store" in state_directory',
  ),
  'store.redis.url': optional(
    text('a URL such as "redis://redis-1:6379/0", "rediss://…" or "unix:///run/redis.sock"'),
    'one Redis server; rediss:// uses TLS',
  ),
  'store.redis.sentinels': optional(listOf(address), 'the Sentinels that know the master'),
  'store.redis.master': row(text(), 'mymaster', 'the name of the master that the Sentinels watch'),
  'store.redis.cluster': optional(listOf(address), 'some nodes of a Redis Cluster'),
  'store.redis.username': optional(text(), 'the ACL user'),
  'store.redis.password': secret(verbatim(), 'the password'),
  'store.redis.password_file': optional(path(), 'a file that holds nothing but the password'),
  'store.redis.sentinel_username': optional(text(), "the Sentinels' ACL user"),
  'store.redis.sentinel_password': secret(verbatim(), "the Sentinels' password"),
  'store.redis.sentinel_password_file': optional(path(), "a file with the Sentinels' password"),
  'store.redis.db': row(integer(0, 65_535), 0, 'the number of the database'),
  'store.redis.prefix': row(text(), 'nova-ha', 'what our keys begin with'),
  'store.redis.tls.enabled': row(flag(), false, 'use TLS (rediss:// says it too)'),
  'store.redis.tls.ca': optional(path(), 'the certificate authority, in PEM'),
  'store.redis.tls.cert': optional(path(), 'a client certificate, in PEM'),
  'store.redis.tls.key': optional(path(), "the client certificate's key, in PEM"),
  'store.redis.tls.insecure': row(flag(), false, 'do not verify certificates (for tests only)'),
} as const;
