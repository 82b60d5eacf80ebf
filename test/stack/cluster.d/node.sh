# node.sh - machines: disk, power, and the BMC that fencing talks to.

in_node() {                             # in_node NODE COMMAND...: with a clean environment
    local pid
    pid=$(pid_of "$(disk "$1")/init.pid") || { echo "cluster: $1 is powered off" >&2; return 125; }
    shift
    nsenter --target "$pid" --net --mount --uts --ipc --pid -- \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

# What the hook starts must not inherit the node's lock (9).
hook() { [ -z "$CLUSTER_HOOK" ] || "$CLUSTER_HOOK" "$1" "$2" >>"$CLUSTER_DIR/log/hook.log" 2>&1 9>&-; }

power_status() { if pid_of "$(disk "$1")/init.pid" >/dev/null; then echo on; else echo off; fi; }

power_on() {
    local d i pid
    d=$(disk "$1")
    [ "$(power_status "$1")" = off ] || return 0
    rm -f "$d/init.pid" "$d/booted"
    date +"%F %T.%N power on" >>"$d/console.log"
    # unshare is only the parent; node-init writes its own pid, as the host sees it.
    setsid unshare --net --mount --uts --ipc --pid --fork --kill-child -- \
        "$HERE/node-init" "$1" </dev/null >>"$d/console.log" 2>&1 9>&- &
    for ((i = 0; i < 200; i++)); do [ ! -s "$d/init.pid" ] || break; sleep 0.05; done
    pid=$(pid_of "$d/init.pid") || die "$1 did not boot; see $d/console.log"
    plug_in "$1" "$pid"                 # node-init waits for it, then starts the daemons
    for ((i = 0; i < 200; i++)); do [ ! -e "$d/booted" ] || break; sleep 0.05; done
    [ -e "$d/booted" ] || die "$1 is on but its daemons did not start; see $d/console.log"
    hook on "$1"
}

power_off() {
    date +"%F %T.%N power off" >>"$(disk "$1")/console.log"
    end_recorded "$(disk "$1")/init.pid"
    [ ! -e "$CLUSTER_DIR/lan.net" ] || lan ip link del "v-$1" 2>/dev/null
    hook off "$1"
}

bmc() {                                 # one request on stdin, one answer on stdout
    local what node
    read -r -t 5 what node || exit 0    # a mere look whether the BMC is there
    is_node "$node" || { echo 'error unknown node'; exit 0; }
    echo "$(date +'%F %T.%3N') $what $node" >>"$CLUSTER_DIR/log/bmc.log"
    case $what in
        off) locked "$node" power_off >&2 && echo 'ok off' || echo error ;;
        on)
            [ ! -e "$CLUSTER_DIR/broken.$node" ] || { echo 'ok on'; exit 0; }
            locked "$node" power_on >&2 && echo 'ok on' || echo error ;;
        status) echo "ok $(power_status "$node")" ;;
        compute-start | compute-stop | compute-status)
            if hook "$what" "$node"; then echo 'ok'; else echo 'error'; fi ;;
        *) echo 'error unknown request' ;;
    esac
}

corosync_conf() {
    local n i=0
    cat <<E
totem {
	version: 2
	cluster_name: nova-ha
	transport: knet
	token: $CLUSTER_TOKEN_MS
	crypto_cipher: none
	crypto_hash: none
}
logging {
	to_stderr: no
	to_syslog: no
	to_logfile: yes
	logfile: /var/log/corosync/corosync.log
	timestamp: hires
}
quorum {
	provider: corosync_votequorum
}
nodelist {
E
    for n in $CLUSTER_CONTROLLERS; do
        i=$((i + 1))
        printf '\tnode {\n\t\tname: %s\n\t\tnodeid: %s\n\t\tring0_addr: %s\n\t}\n' "$n" "$i" "$(address "$n")"
    done
    echo '}'
}

make_disk() {
    local d n
    d=$(disk "$1")
    mkdir -p "$d"/{etc-corosync/uidgid.d,etc-pacemaker,etc-nova-ha,var-lib-corosync,var-lib-nova-ha} \
        "$d"/var-lib-pacemaker/{blackbox,cib,cores,pengine} "$d"/var-log-{corosync,pacemaker/bundles}
    corosync_conf >"$d/etc-corosync/corosync.conf"
    cp "$CLUSTER_DIR/authkey" "$d/etc-pacemaker/authkey"
    chown -R root:haclient "$d/etc-pacemaker"
    chmod 640 "$d/etc-pacemaker/authkey"
    chown hacluster:haclient "$d"/var-lib-pacemaker/* "$d"/var-log-pacemaker{,/bundles}
    chmod 750 "$d"/var-lib-pacemaker/*
    chmod 770 "$d/var-log-pacemaker"
    {
        echo "127.0.0.1 localhost"
        echo "$CLUSTER_NET.1 host"
        for n in $ALL; do echo "$(address "$n") $n"; done
    } >"$d/hosts"
}
