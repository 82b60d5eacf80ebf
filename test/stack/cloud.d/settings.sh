# settings.sh - what can be chosen, where it is remembered, and what follows from it.

CLOUD_DIR=${CLOUD_DIR:-${TMPDIR:-/tmp}/nova-ha-cloud}
D=$CLOUD_DIR
IP=127.0.0.1
PY=/usr/bin/python3                     # Debian's: the packages' modules are there
PORTS=11                                # how many, from CLOUD_PORT on

say() { printf '%s %s\n' "$(date +%T)" "$*" >&2; }
die() { printf 'cloud: %s\n' "$*" >&2; exit 1; }

recorded() { sed -n "s/^$1=//p" "$D/settings" 2>/dev/null; }

# setting NAME DEFAULT: the environment wins over what an earlier `up` remembered.
setting() {
    local was
    was=$(recorded "$1")
    printf -v "$1" %s "${!1:-${was:-$2}}"
}

# fixed NAME DEFAULT: like setting, but the databases contain it, so it cannot change.
fixed() {
    local was
    was=$(recorded "$1")
    if [ -n "$was" ] && [ "${!1:-$was}" != "$was" ]; then
        die "$1 is ${!1}, but the cloud in $D was made with $was: unset it, or \`cloud wipe --all\` first"
    fi
    setting "$1" "$2"
}

read_settings() {
    fixed CLOUD_PORT ''
    fixed CLOUD_PASSWORD secret
    fixed CLOUD_NEUTRON real            # stub: cloud.d/neutron-stub.py, saves 430 MiB
    setting CLOUD_HOSTS 'compute-1 compute-2 compute-3 compute-4'
    setting CLOUD_APIS 1
    setting CLOUD_REPORT 2
    setting CLOUD_DOWN 8
    setting CLOUD_SHARED true
    setting CLOUD_DEBUG false
    setting CLOUD_TIMEOUT 180
}

# free_block [FIRST]: prints the first port of a free block, of the one at FIRST if given.
free_block() {
    "$PY" - "$IP" "$PORTS" "${1:-}" <<'E'
import socket, sys
def free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((sys.argv[1], port))
            return True
        except OSError:
            return False
# below 32768, where the kernel takes ports for outgoing connections
for first in [int(sys.argv[3])] if sys.argv[3] else range(25000, 32700, 20):
    if all(free(first + i) for i in range(int(sys.argv[2]))):
        print(first)
        break
else:
    sys.exit(1)
E
}

derive() {
    P_KEYSTONE=$CLOUD_PORT
    P_PLACEMENT=$((CLOUD_PORT + 1))
    P_GLANCE=$((CLOUD_PORT + 2))
    P_NEUTRON=$((CLOUD_PORT + 3))
    P_NOVA=$((CLOUD_PORT + 4))          # what the catalog says: nova-api, or haproxy before two
    P_MYSQL=$((CLOUD_PORT + 5))
    P_AMQP=$((CLOUD_PORT + 6))
    P_ERLDIST=$((CLOUD_PORT + 7))
    P_EPMD=$((CLOUD_PORT + 8))
    P_API_1=$((CLOUD_PORT + 9))         # behind haproxy
    P_API_2=$((CLOUD_PORT + 10))
    [ "$CLOUD_APIS" = 2 ] || P_API_1=$P_NOVA
    AUTH_URL=http://$IP:$P_KEYSTONE/v3
    NOVA_URL=http://$IP:$P_NOVA/v2.1
}

prepare_settings() {                    # for `up`: make the directory, choose, remember
    mkdir -p -m 700 "$D" || die "cannot create $D (CLOUD_DIR)"
    [ -O "$D" ] || die "$D (CLOUD_DIR) belongs to somebody else: choose another one"
    mkdir -p "$D"/{etc/{keystone,placement,glance,neutron,nova},bin,log,run,tmp,rabbit,glance,lock,hosts}
    read_settings
    [ "$CLOUD_APIS" = 1 ] || [ "$CLOUD_APIS" = 2 ] || die "CLOUD_APIS is $CLOUD_APIS: say 1 or 2"
    [ -n "$CLOUD_PORT" ] || CLOUD_PORT=$(free_block) || die "no free block of $PORTS ports: set CLOUD_PORT"
    remember_settings
    derive
}

remember_settings() {
    local name
    for name in CLOUD_{PORT,PASSWORD,NEUTRON,HOSTS,APIS,REPORT,DOWN,SHARED,DEBUG}; do
        echo "$name=${!name}"
    done >"$D/settings.new"
    mv "$D/settings.new" "$D/settings"
}

load_settings() {
    [ -s "$D/settings" ] || die "there is no cloud in $D: run \`cloud up\`, or set CLOUD_DIR"
    read_settings
    derive
}

# The block is remembered, so something else may have taken a port of it meanwhile.
ports_are_ours() {
    [ -n "$(running)" ] || free_block "$CLOUD_PORT" >/dev/null ||
        die "a port from $CLOUD_PORT to $((CLOUD_PORT + PORTS - 1)) is taken by something else, perhaps by another cloud: end that, or \`cloud wipe --all\` to choose other ports"
}

# exclusively COMMAND...: `up`, `down` and the like one at a time.
exclusively() {
    exec 8>"$D/lock/verb"
    flock -n 8 || { say "waiting for another \`cloud\` to finish"; flock 8; }
    "$@"
}

known_host() {
    case " $CLOUD_HOSTS " in
        *" ${1:-?} "*) ;;
        *) die "no such host: ${1:-(none given)}; there are: $CLOUD_HOSTS" ;;
    esac
}
