/**
 * The scripts. Each runs whole or not at all, and names only keys with one hash tag, so that Cluster
 * can place it. They are sent by EVAL: a server that was restarted or failed over has forgotten every
 * EVALSHA, and the texts are small.
 *
 * Those that change something begin with the same two checks. ARGV[1] is '1' when the caller has put
 * a WAIT for a replica behind the script; when there is a live replica (online and heard of within
 * 10 s, as Redis' min-replicas-max-lag counts) and no WAIT behind, nothing is done and 'wait' is the answer.
 * A user who may not ask for replicas is refused: nobody could tell when a write is durable.
 */
const DURABLE = `
local replicas = 0
local info = redis.pcall('INFO', 'replication')
if type(info) ~= 'string' then return redis.error_reply('NOPERM INFO tells nothing of replicas') end
for lag in string.gmatch(info, 'state=online,offset=%d+,lag=(%d+)') do
  if tonumber(lag) <= 10 then replicas = replicas + 1 end
end
if replicas > 0 and ARGV[1] ~= '1' then return {'wait', replicas} end
`;

/**
 * Compare-and-set of a record.
 * KEYS  1 record (hash: version, epoch, token, summary, record)
 * ARGV  1 '1' with WAIT  2 expected version  3 expected epoch or ''  4 summary  5 record
 *       6 token of this write  7 channel  8 message
 * Returns {'written', replicas, version} | {'version', replicas, version} | {'epoch', replicas, epoch}
 *       | {'wait', replicas} | error FOREIGN
 * A repetition of the newest write (Cluster clients resend after a lost connection) is told by its
 * token; it writes that again, because WAIT counts from the last write of its own connection.
 */
export const WRITE = `${DURABLE}
local at = redis.call('HMGET', KEYS[1], 'version', 'epoch', 'token')
local version, epoch = tonumber(at[1] or '0'), tonumber(at[2] or '0')
if not version or not epoch or (not at[1] and not at[2] and redis.call('EXISTS', KEYS[1]) == 1) then
  return redis.error_reply('FOREIGN this key was not written by nova-ha')
end
if version == tonumber(ARGV[2]) + 1 and at[3] == ARGV[6] then
  redis.call('HSET', KEYS[1], 'token', ARGV[6])
  return {'written', replicas, version}
end
if version ~= tonumber(ARGV[2]) then return {'version', replicas, version} end
if ARGV[3] ~= '' and epoch ~= tonumber(ARGV[3]) then return {'epoch', replicas, epoch} end
redis.call('HSET', KEYS[1], 'version', version + 1, 'epoch', epoch, 'token', ARGV[6],
  'summary', ARGV[4], 'record', ARGV[5])
redis.pcall('PUBLISH', ARGV[7], ARGV[8])
return {'written', replicas, version + 1}
`;

/**
 * Puts a host into the index, before its first record.
 * KEYS  1 index (set)
 * ARGV  1 '1' with WAIT  2 host
 * Returns {'indexed', replicas} | {'wait', replicas}
 */
export const INDEX = `${DURABLE}
redis.call('SADD', KEYS[1], ARGV[2])
return {'indexed', replicas}
`;

/**
 * Compare-and-set of the switches.
 * KEYS  1 switches (hash: version, token, board)
 * ARGV  1 '1' with WAIT  2 expected version  3 board  4 token of this write
 * Returns {'written', replicas, version} | {'version', replicas, version} | {'wait', replicas}
 *       | error FOREIGN
 * A repetition of the newest write is told by its token, as in WRITE.
 */
export const SWITCH = `${DURABLE}
local at = redis.call('HMGET', KEYS[1], 'version', 'token')
local version = tonumber(at[1] or '0')
if not version or (not at[1] and redis.call('EXISTS', KEYS[1]) == 1) then
  return redis.error_reply('FOREIGN this key was not written by nova-ha')
end
if version == tonumber(ARGV[2]) + 1 and at[2] == ARGV[4] then
  redis.call('HSET', KEYS[1], 'token', ARGV[4])
  return {'written', replicas, version}
end
if version ~= tonumber(ARGV[2]) then return {'version', replicas, version} end
redis.call('HSET', KEYS[1], 'version', version + 1, 'token', ARGV[4], 'board', ARGV[3])
return {'written', replicas, version + 1}
`;

/**
 * Takes or renews a lease; time is Redis' own. The epoch lives in the record's hash, so that the
 * compare of a write and the change of the holder exclude each other.
 * KEYS  1 lease (string: worker)  2 record (hash)
 * ARGV  1 '1' with WAIT  2 worker  3 length in ms
 * Returns {'granted', replicas, epoch} | {'held', replicas, worker} | {'wait', replicas}
 */
export const LEASE = `${DURABLE}
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[2] then return {'held', replicas, holder} end
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if not holder or not epoch then epoch = redis.call('HINCRBY', KEYS[2], 'epoch', 1) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return {'granted', replicas, tonumber(epoch)}
`;

/**
 * Gives a lease back, if it is still the caller's.
 * KEYS  1 lease (string: worker)
 * ARGV  1 worker
 * Returns 1 when it was given back, else 0
 */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;
