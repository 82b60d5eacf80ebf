# packages.sh - what has to be installed, all of it Debian's.
#
# Only the python3-* libraries, not the service packages (nova-api, nova-compute, ...):
# those bring questions, init scripts and a libvirt, but no code that is needed here.
PACKAGES="python3-nova python3-keystone python3-placement python3-glance python3-neutron
  python3-pymysql uwsgi-core uwsgi-plugin-python3 mariadb-server rabbitmq-server
  python3-openstackclient haproxy curl procps util-linux"

missing_packages() {
    local p
    for p in $PACKAGES; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
    done
}

is_debian_12() { (. /etc/os-release && [ "$ID:${VERSION_ID:-}" = debian:12 ]) 2>/dev/null; }

install_packages() {
    local missing log policy=/usr/sbin/policy-rc.d
    if ! is_debian_12; then
        die "this needs Debian 12 (bookworm) with these packages: $(echo $PACKAGES)"
    fi
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        die "these packages are missing, and only root can install them: apt-get install --no-install-recommends $(echo $missing)"
    fi
    say "installing:" $missing
    log=$(mktemp)
    # Keep the packages' own services from starting; an existing policy stays as it is.
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap "rm -f '$policy'" EXIT
    fi
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 install -y \
        --no-install-recommends $missing >"$log" 2>&1 ||
        die "apt-get failed ($(grep -m 1 '^E:' "$log")): see $log; \`apt-get update\` may help"
    rm -f "$log"
}
