# hosts.sh - power and guests of the compute hosts, and the way back to an empty cloud.

power_off() {
    : >"$D/hosts/$1/off"
    end_now "$1"
    rm -f "$D/hosts/$1/guests.new"
    [ ! -e "$D/hosts/$1/guests" ] || "$PY" - "$D/hosts/$1/guests" <<'E'
import json, sys
guests = json.load(open(sys.argv[1]))
with open(sys.argv[1], 'w') as f:
    json.dump({uuid: [name, 4] for uuid, (name, state) in guests.items()}, f)
E
}

power_on() { part_start "$1"; }
power_status() { if [ -e "$D/hosts/$1/off" ]; then echo off; else echo on; fi; }

# The truth, from the hypervisors' own notes and not from Nova.
guests() {
    "$PY" - "$D/hosts" "$1" <<'E'
import collections, json, os, sys
STATES = {1: 'running', 3: 'paused', 4: 'shutdown', 7: 'suspended'}
hosts, running = {}, collections.defaultdict(list)
for host in sorted(os.listdir(sys.argv[1])):
    try:
        with open(os.path.join(sys.argv[1], host, 'guests')) as f:
            guests = json.load(f)
    except OSError:
        guests = {}
    hosts[host] = {uuid: STATES.get(state, str(state)) for uuid, (_, state) in guests.items()}
    for uuid, state in hosts[host].items():
        if state == 'running':
            running[uuid].append(host)
twice = {uuid: found for uuid, found in running.items() if len(found) > 1}
if sys.argv[2] == '--json':
    print(json.dumps({'hosts': hosts, 'twice': twice}))
else:
    for host, guests in hosts.items():
        count = sorted(collections.Counter(guests.values()).items())
        print('%-16s %s' % (host, ' '.join('%s=%d' % pair for pair in count) or '-'))
    for uuid, found in sorted(twice.items()):
        print('RUNNING TWICE', uuid, *found)
sys.exit(1 if twice else 0)
E
}

no_servers() {
    local ids id
    ids=$(nova_call GET '/servers?all_tenants=1&limit=1000' | json 'print(*(s["id"] for s in d["servers"]))') || return 1
    [ -n "$ids" ] || return 0
    for id in $ids; do nova_call DELETE "/servers/$id" >/dev/null; done
    return 1
}

# Every host enabled, un-forced and seen up. Un-forcing comes after the instances are
# gone: their `done` migrations, which would forbid it, go with them.
all_enabled() {
    nova_call GET '/os-services?binary=nova-compute' | json '
for s in d["services"]:
    if s["forced_down"] or s["status"] != "enabled" or s["state"] != "up":
        print(s["id"], s["state"], s["forced_down"])' >"$D/tmp/not-enabled" || return 1
    local id state forced
    while read -r id state forced; do
        [ "$forced" = False ] || nova_call PUT "/os-services/$id" '{"forced_down": false}' >/dev/null
        # Enabling a host that is not up leaves its trait in Placement for a while.
        [ "$state" != up ] || nova_call PUT "/os-services/$id" '{"status": "enabled"}' >/dev/null
    done <"$D/tmp/not-enabled"
    [ ! -s "$D/tmp/not-enabled" ]
}

# Hosts whose nova-compute has to start afresh: it does not run, or is frozen (it would do
# what it missed), its machine was off, its host was the source of an evacuation, or it may
# still be at work on one as the destination.
stale_hosts() {
    local h pid
    for h in $CLOUD_HOSTS; do
        if [ -e "$D/hosts/$h/off" ] || ! pid=$(pid_of "$h") ||
            [[ $(sed 's/.*) //' "/proc/$pid/stat") == T* ]]; then echo "$h"; fi
    done
    sql -N -e "select source_compute from nova_cell1.migrations where created_at >= '$1'
        union select ifnull(dest_compute, '*') from nova_cell1.migrations
        where created_at >= '$1' and status in ('accepted', 'pre-migrating')"
}

start_afresh() {                        # start_afresh HOST...: without a guest
    local h
    for h; do end_now "$h"; done
    for h; do
        rm -f "$D/hosts/$h"/{guests,guests.new,off}
        start_part "$h"
    done
}

# Guests that nobody ended with their instances: orphans.
hosts_with_guests() {
    local h
    for h in $CLOUD_HOSTS; do
        [ ! -s "$D/hosts/$h/guests" ] || [ "$(cat "$D/hosts/$h/guests")" = '{}' ] || echo "$h"
    done
}

# Much quicker than wipe and up, and thorough: nothing of before is left to happen later.
reset() {
    local p stale since i t0=$SECONDS
    signal CONT mariadb
    part_start mariadb
    stale=$(stale_hosts "$(cat "$D/run/reset-at" 2>/dev/null || echo 2000-01-01)") || die 'the database does not answer'
    for p in $CLOUD_HOSTS; do rm -f "$D/hosts/$p"/spawn-{delay,fail}; done
    case $stale in *'*'*) stale=$CLOUD_HOSTS ;; esac
    for p in $(running); do signal CONT "$p"; done
    for p in $(all_parts); do
        case " $CLOUD_HOSTS " in *" $p "*) ;; *) part_start "$p" ;; esac
    done
    start_afresh $(sort -u <<<"$stale")
    sign_in
    wait_for 'the end of all instances' no_servers
    for ((i = 0; i < 20; i++)); do [ -n "$(hosts_with_guests)" ] || break; sleep 0.1; done
    start_afresh $(hosts_with_guests)
    since=$(database_time)
    wait_for 'reports of all hosts' reporting_since "$since"
    wait_for 'all hosts up and enabled' all_enabled
    echo "$since" >"$D/run/reset-at"
    say "reset in $((SECONDS - t0)) s"
}
