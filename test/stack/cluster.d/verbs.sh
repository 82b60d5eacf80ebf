# verbs.sh - the cluster as a whole.

PACKAGES="corosync pacemaker pacemaker-cli-utils resource-agents fence-agents crmsh pcs
  socat iproute2 procps util-linux libxml2-utils"

missing_packages() {
    local p
    for p in $PACKAGES; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
    done
}

# pacemaker and pacemaker-remote exclude each other as packages, so the one binary of the
# latter is unpacked into CLUSTER_DIR.
remoted() {
    local binary=$CLUSTER_DIR/pkg/usr/sbin/pacemaker-remoted
    [ -x "$binary" ] || (
        mkdir -p "$CLUSTER_DIR/pkg/deb" && cd "$CLUSTER_DIR/pkg/deb" &&
            apt-get -q -o APT::Sandbox::User=root download pacemaker-remote >&2 &&
            dpkg -x pacemaker-remote_*.deb ..
    )
    [ -x "$binary" ] || die "pacemaker-remote cannot be downloaded: \`apt-get update\` may help"
}

install_packages() {
    local missing log policy=/usr/sbin/policy-rc.d
    (. /etc/os-release && [ "$ID:${VERSION_ID:-}" = debian:12 ]) || die "this needs Debian 12 with: $(echo $PACKAGES)"
    mkdir -p "$CLUSTER_DIR"
    missing=$(missing_packages)
    if [ -n "$missing" ]; then
        [ "$(id -u)" = 0 ] || die "missing packages: apt-get install --no-install-recommends $(echo $missing)"
        if [ ! -e $policy ]; then       # or their own services would start
            printf '#!/bin/sh\nexit 101\n' >$policy
            chmod 755 $policy
            trap "rm -f '$policy'" EXIT
        fi
        log=$(mktemp)
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 install -y \
            --no-install-recommends $missing >"$log" 2>&1 || die "apt-get failed, see $log"
        rm -f "$log"
    fi
    remoted
}

up() {
    local n i jobs=()
    [ "$(id -u)" = 0 ] || die "root is needed for namespaces and Pacemaker"
    [ ! -e "$CLUSTER_DIR/up" ] || die "already up in $CLUSTER_DIR (\`cluster down\` ends it)"
    mkdir -p -m 700 "$CLUSTER_DIR"
    chmod 711 "$CLUSTER_DIR"            # Pacemaker's agents run as hacluster, too
    mkdir -p "$CLUSTER_DIR"/{log,nodes}
    install_packages
    remember_settings >"$CLUSTER_DIR/settings"
    [ -s "$CLUSTER_DIR/authkey" ] || (umask 077; head -c 4096 /dev/urandom >"$CLUSTER_DIR/authkey")
    : >"$CLUSTER_DIR/up"
    start_network
    for n in $ALL; do make_disk "$n"; done
    for n in $ALL; do locked "$n" power_on & jobs+=($!); done
    wait "${jobs[@]}"
    for n in $ALL; do [ "$(power_status "$n")" = on ] || die "$n did not boot; see $(disk "$n")/console.log"; done
    for ((i = 0; i < 240; i++)); do     # 20 s of it are Pacemaker's dc-deadtime
        formed && return 0
        sleep 0.5
    done
    die "the controllers did not form a cluster in two minutes; see nodes/*/var-log-pacemaker in $CLUSTER_DIR"
}

formed() {
    local xml
    xml=$(status --output-as=xml 2>/dev/null) && grep -q '<current_dc present="true"' <<<"$xml" || return 1
    [ "$(xmllint --xpath 'count(//nodes/node[@online="true" and @type="member"])' - <<<"$xml")" = \
        "$(wc -w <<<"$CLUSTER_CONTROLLERS")" ]
}

down() {
    local n
    for n in $ALL; do [ ! -d "$(disk "$n")" ] || CLUSTER_HOOK='' locked "$n" power_off & done
    wait
    stop_network
    # What the nodes knew goes, what they logged stays.
    rm -rf "$CLUSTER_DIR"/nodes/*/{etc-*,var-lib-*,isolated} "$CLUSTER_DIR"/{broken,fail,slow}.* \
        "$CLUSTER_DIR"/{up,settings}
    return 0
}

status() {
    local n
    for n in $CLUSTER_CONTROLLERS; do
        [ "$(power_status "$n")" = on ] || continue
        in_node "$n" timeout 15 crm_mon -1 "$@" && return 0
    done
    return 1
}

nodes() {
    local n cable
    for n in $ALL; do
        if [ "$(power_status "$n")" = off ]; then
            printf '%-10s %-12s off\n' "$n" "$(address "$n")"
            continue
        fi
        cable="cut"
        lan ip -o link show dev "v-$n" 2>/dev/null | grep -q 'master br0' && cable=plugged
        printf '%-10s %-12s on   %-8s %s\n' "$n" "$(address "$n")" $cable \
            "$(in_node "$n" ps -eo comm= | grep -E '^(corosync|pacemaker)' | tr '\n' ' ')"
    done
}

configure() {                           # [FILE...]
    local first=${CLUSTER_CONTROLLERS%% *} file load
    load=$(disk "$first")/load.crm
    [ $# -gt 0 ] || { "$HERE/base.crm" >"$load"; set -- "$load"; }
    for file; do
        [ "$file" = "$load" ] || cp "$file" "$load" || die "cannot read $file"
        in_node "$first" crm --force configure load update "$load" || die "crmsh refuses $file"
    done
}
