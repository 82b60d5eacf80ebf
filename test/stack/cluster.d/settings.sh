# settings.sh - what can be chosen, and who is who.

export CLUSTER_DIR=${CLUSTER_DIR:-${TMPDIR:-/tmp}/nova-ha-cluster}

# What `up` was told stays true for later calls.
# shellcheck source=/dev/null
[ ! -s "$CLUSTER_DIR/settings" ] || . "$CLUSTER_DIR/settings"
export CLUSTER_NET=${CLUSTER_NET:-10.77.0}
export CLUSTER_UPLINK=${CLUSTER_UPLINK:-nha0}
export CLUSTER_CONTROLLERS=${CLUSTER_CONTROLLERS:-ctl-1 ctl-2 ctl-3}
export CLUSTER_COMPUTES=${CLUSTER_COMPUTES:-compute-1 compute-2 compute-3}
export CLUSTER_AGENTS=${CLUSTER_AGENTS:-}
export CLUSTER_FORWARD=${CLUSTER_FORWARD:-}
export CLUSTER_HOOK=${CLUSTER_HOOK:-}
export CLUSTER_BMC_PORT=${CLUSTER_BMC_PORT:-6230}
export CLUSTER_COMPUTE=${CLUSTER_COMPUTE:-}
export CLUSTER_TOKEN_MS=${CLUSTER_TOKEN_MS:-3000}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}
ALL="$CLUSTER_CONTROLLERS $CLUSTER_COMPUTES"

die() { echo "cluster: $*" >&2; exit 1; }
is_controller() { [[ " $CLUSTER_CONTROLLERS " == *" $1 "* ]]; }
is_node() { [[ " $ALL " == *" $1 "* ]]; }
need_node() { { [ $# -ge 1 ] && is_node "$1"; } || die "no such node: ${1:-(none given)}; there are: $ALL"; }
disk() { echo "$CLUSTER_DIR/nodes/$1"; }

# address NODE: controllers .11 .12 ..., computes .21 .22 ...
address() {
    local n i=10
    for n in $CLUSTER_CONTROLLERS; do i=$((i + 1)); [ "$n" != "$1" ] || { echo "$CLUSTER_NET.$i"; return; }; done
    i=20
    for n in $CLUSTER_COMPUTES; do i=$((i + 1)); [ "$n" != "$1" ] || { echo "$CLUSTER_NET.$i"; return; }; done
    return 1
}

# Values of the environment become defaults for later calls.
remember_settings() {
    local name
    [ -z "${CLOUD_DIR:-}" ] || printf 'export CLOUD_DIR=%q\n' "$CLOUD_DIR"      # for the hook
    for name in CLUSTER_{NET,UPLINK,CONTROLLERS,COMPUTES,AGENTS,FORWARD,HOOK,COMPUTE,BMC_PORT,TOKEN_MS}; do
        printf '%s=${%s:-%q}\n' "$name" "$name" "${!name}"
    done
}
