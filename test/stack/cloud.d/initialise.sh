# initialise.sh - databases and catalog, made once; and the cloud's verbs as a whole.
#
# The result of the first `up` (database files, Keystone's keys) is kept in seed/, so that
# `wipe` followed by `up` costs a copy and not the schema migrations again.

manage() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$D" "$D/bin/$1" "${@:2}"; }
nova_manage() { manage nova-manage --config-file "$D/etc/nova/nova.conf" "$@"; }

create_databases() {
    local db
    {
        for db in $DATABASES; do echo "CREATE DATABASE $db;"; done
        echo "CREATE USER openstack@'%' IDENTIFIED BY '$CLOUD_PASSWORD';"
        echo "GRANT ALL ON *.* TO openstack@'%';"
    } | sql || die "cannot create the databases"
}

schema_keystone() {
    local conf=(--config-file "$D/etc/keystone/keystone.conf")
    local owner=(--keystone-user "$(id -un)" --keystone-group "$(id -gn)")
    mkdir -p "$D/keystone"/{fernet,credential}
    chmod 700 "$D/keystone"/{fernet,credential}
    manage keystone-manage "${conf[@]}" db_sync &&
        manage keystone-manage "${conf[@]}" fernet_setup "${owner[@]}" &&
        manage keystone-manage "${conf[@]}" credential_setup "${owner[@]}" &&
        OS_BOOTSTRAP_PASSWORD=$CLOUD_PASSWORD bootstrap_keystone "${conf[@]}"
}

# The password goes through the environment: it shall not be seen in the process list.
bootstrap_keystone() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$D" \
        OS_BOOTSTRAP_PASSWORD="$OS_BOOTSTRAP_PASSWORD" "$D/bin/keystone-manage" "$@" bootstrap \
        --bootstrap-region-id RegionOne --bootstrap-public-url "$AUTH_URL" \
        --bootstrap-internal-url "$AUTH_URL" --bootstrap-admin-url "$AUTH_URL"
}

schema_nova() {
    nova_manage api_db sync &&
        nova_manage cell_v2 map_cell0 --database_connection "$(db_url nova_cell0)" &&
        nova_manage cell_v2 create_cell --name cell1 && nova_manage db sync
}

schema_rest() {
    manage placement-manage --config-file "$D/etc/placement/placement.conf" db sync &&
        manage glance-manage --config-file "$D/etc/glance/glance-api.conf" db_sync &&
        { [ "$CLOUD_NEUTRON" = stub ] ||
            manage neutron-db-manage --config-file "$D/etc/neutron/neutron.conf" upgrade heads; }
}

initialise() {
    local what pids=() p
    say "databases, schemas, first user (once)"
    create_databases
    for what in keystone nova rest; do  # side by side: two cores
        "schema_$what" >"$D/log/schema-$what.log" 2>&1 8>&- &
        pids+=($!)
    done
    for p in "${pids[@]}"; do wait "$p" || die "a schema migration failed, see $D/log/schema-*.log"; done
    part_start keystone
    catalog || die "cannot fill Keystone's catalog, see $D/log/keystone.log"
    ask_to_end 5 keystone
    ask_to_end 20 mariadb
    mkdir "$D/seed.new"
    cp -a "$D/db" "$D/keystone" "$D/seed.new/" && mv "$D/seed.new" "$D/seed"
    start_mariadb
}

# One with guests asks Neutron before it begins and ends when that is not ready; like systemd, start
# it again.
hosts_report() {
    local host
    for host in $CLOUD_HOSTS; do
        pid_of "$host" >/dev/null || start_part "$host"
    done
    reporting_since "$1"
}

up() {
    local p since t0=$SECONDS
    install_packages
    ports_are_ours
    configure
    if [ ! -d "$D/seed" ]; then         # an earlier `up` did not get this far
        ask_to_end 20 keystone mariadb
        rm -rf "$D/db" "$D/keystone" "$D/seed.new"
    elif [ ! -d "$D/db" ]; then
        cp -a "$D/seed/db" "$D/seed/keystone" "$D/"
    fi
    start_part rabbitmq                 # takes longest to start: first
    start_part mariadb
    [ -d "$D/seed" ] || initialise
    start_part keystone
    start_part placement
    wait_part rabbitmq
    start_part neutron                  # the slowest of the APIs
    start_part nova-conductor
    wait_part keystone
    wait_part placement
    # A nova-compute that finds no conductor sleeps for 10 s before it asks again.
    wait_part nova-conductor
    since=$(database_time)
    for p in $CLOUD_HOSTS; do start_part "$p"; done
    for p in $(all_parts); do start_part "$p"; done
    for p in $(all_parts); do wait_part "$p"; done
    sign_in
    images_and_flavors || die "cannot create the image or the flavor, see $D/log/glance.log"
    wait_for "nova-compute on $CLOUD_HOSTS" hosts_report "$since"
    # The scheduler considers only hosts that are mapped to a cell.
    hosts_mapped || nova_manage cell_v2 discover_hosts >"$D/log/discover.log" 2>&1 ||
        die "nova-manage discover_hosts failed, see $D/log/discover.log"
    say "up after $((SECONDS - t0)) s: $AUTH_URL, Nova at $NOVA_URL"
}

down() {
    # A graceful end has no value here, speed has: only the database gets its time.
    # shellcheck disable=SC2046
    ask_to_end 3 $(running | grep -vx -e mariadb -e rabbitmq -e epmd)
    ask_to_end 10 rabbitmq
    ask_to_end 5 epmd
    ask_to_end 30 mariadb
}

wipe() {
    down
    if [ "$1" = --all ]; then
        rm -rf "${D:?}"
    else                                # the seed stays: the next `up` is quick
        rm -rf "$D"/{db,keystone,rabbit,glance,hosts,nova,neutron,lock,tmp,log}
        mkdir -p "$D"/{rabbit,glance,lock,tmp,log,hosts}
    fi
}

status() {
    local n pid
    printf '%-16s %8s %8s\n' PART PID MiB
    for n in $(running); do
        pid=$(pid_of "$n") || { printf '%-16s %8s\n' "$n" dead; continue; }
        case $(sed 's/.*) //' "/proc/$pid/stat") in
            T*) printf '%-16s %8s   frozen\n' "$n" "$pid" ;;
            *) printf '%-16s %8s %8s\n' "$n" "$pid" "$(memory "$pid")" ;;
        esac
    done
    sign_in
    echo
    nova_call GET /os-services | json '
for s in d["services"]:
    print("%-16s %-12s %-9s %-5s%s" % (s["binary"], s["host"], s["status"], s["state"],
          " forced_down" if s["forced_down"] else ""))'
    echo
    nova_call GET '/servers/detail?all_tenants=1' | json '
import collections
count = collections.Counter((s["OS-EXT-SRV-ATTR:host"] or "-", s["status"]) for s in d["servers"])
for (host, status), n in sorted(count.items()):
    print("%-16s %-10s %d" % (host, status, n))'
}
