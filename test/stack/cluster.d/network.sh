# network.sh - the switch, the nodes' cables and the way to the host.
#
# CLUSTER_DIR/lan.net is a network namespace that holds only the switch (bridge br0) and a
# port per node (v-NODE, the other end is the node's eth0); one more leads to the host.

lan() { nsenter --net="$CLUSTER_DIR/lan.net" "$@"; }

# mac NODE: fixed, as a machine's: a new address after a reboot would stay unknown to the
# others' ARP caches for half a minute, and with it everything that is timed here.
mac() { printf '02:00:%02x:%02x:%02x:%02x' $(address "$1" | tr . ' '); }

start_network() {
    [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ] || die "net.ipv4.ip_forward is on: nodes could reach the outside; switch it off"
    : >"$CLUSTER_DIR/lan.net"
    unshare --net="$CLUSTER_DIR/lan.net" true || die "cannot make a network namespace: root with CAP_SYS_ADMIN is needed"
    lan ip link set lo up
    # By default a bridge takes its lowest port's address, which changes as nodes come and go.
    lan ip link add br0 address "$(printf '02:00:%02x:%02x:%02x:fe' ${CLUSTER_NET//./ })" \
        type bridge stp_state 0 forward_delay 0
    lan ip link set br0 up
    ip link add "$CLUSTER_UPLINK" type veth peer name v-host netns "$CLUSTER_DIR/lan.net" ||
        die "cannot make the interface $CLUSTER_UPLINK: set CLUSTER_UPLINK and CLUSTER_NET if another cluster has it"
    lan ip link set v-host master br0 up
    ip addr add "$CLUSTER_NET.1/24" dev "$CLUSTER_UPLINK"
    ip link set "$CLUSTER_UPLINK" up
    local port
    for port in $CLUSTER_FORWARD; do
        background "$CLUSTER_DIR/forward-$port.pid" "$CLUSTER_DIR/log/forward.log" \
            socat "TCP-LISTEN:$port,bind=$CLUSTER_NET.1,fork,reuseaddr" "TCP:127.0.0.1:$port"
    done
    # The "BMC" of all machines: one line in, one line out, see bmc().
    background "$CLUSTER_DIR/bmc.pid" "$CLUSTER_DIR/log/bmc.log" \
        socat "TCP-LISTEN:$CLUSTER_BMC_PORT,bind=$CLUSTER_NET.1,fork,reuseaddr" "EXEC:$HERE/../cluster _bmc"
}

stop_network() {
    local file
    for file in "$CLUSTER_DIR"/bmc.pid "$CLUSTER_DIR"/forward-*.pid; do
        [ ! -e "$file" ] || end_recorded "$file" TERM
    done
    ip link del "$CLUSTER_UPLINK" 2>/dev/null
    if [ -e "$CLUSTER_DIR/lan.net" ]; then
        umount "$CLUSTER_DIR/lan.net" 2>/dev/null
        rm -f "$CLUSTER_DIR/lan.net"
    fi
}

plug_in() {                             # plug_in NODE PID: gives the namespaces their eth0
    lan ip link del "v-$1" 2>/dev/null
    lan ip link add "v-$1" type veth peer name eth0 address "$(mac "$1")" netns "$2" || die "$1 gets no cable"
    if [ -e "$(disk "$1")/isolated" ]; then lan ip link set "v-$1" up; else lan ip link set "v-$1" master br0 up; fi
    nsenter --target "$2" --net ip link set lo up
    nsenter --target "$2" --net ip link set eth0 up
    nsenter --target "$2" --net ip addr add "$(address "$1")/24" dev eth0
}

isolate() {                             # stays cut over a power cycle
    : >"$(disk "$1")/isolated"
    [ "$(power_status "$1")" = off ] || lan ip link set "v-$1" nomaster
}
heal() {
    rm -f "$(disk "$1")/isolated"
    [ "$(power_status "$1")" = off ] || lan ip link set "v-$1" master br0
}
