# services.sh - how each part is started, and the verbs for one part.

CONTROL="mariadb rabbitmq keystone placement glance neutron nova-conductor nova-scheduler nova-api"

all_parts() {
    local p
    for p in $CONTROL; do echo "$p"; done
    [ "$CLOUD_APIS" = 2 ] && printf 'nova-api-2\nhaproxy\n'
    for p in $CLOUD_HOSTS; do echo "$p"; done
}

known_part() {
    all_parts | grep -qxF -e "${1:-}" || die "no such part: ${1:-(none given)}; there are: $(all_parts | tr '\n' ' ')"
}

# uwsgi closes connections without saying so, which keystonemiddleware takes for an
# outage; the header says it. uwsgi NAME PORT MODULE ENV=VALUE
uwsgi() {
    start "$1" env "$4" uwsgi_python3 --http-socket "$IP:$2" --module "$3" \
        --master --processes 1 --threads 8 --enable-threads --lazy-apps --no-orphans \
        --die-on-term --buffer-size 65535 --procname-prefix "$1 " --disable-logging \
        --add-header 'Connection: close'
}

nova() {                                # nova PART COMMAND [EXTRA-CONF]
    local part=$1 command=$2 extra=${3:-}
    start "$part" env NOVA_HA_SHARED="$CLOUD_SHARED" "$D/bin/$command" \
        --config-file "$D/etc/nova/nova.conf" ${extra:+--config-file "$D/etc/nova/$extra.conf"}
}

start_part() {                          # without waiting until it is ready
    case $1 in
        mariadb) start_mariadb ;;
        rabbitmq) start_rabbitmq ;;
        keystone)
            uwsgi keystone "$P_KEYSTONE" 'keystone.server.wsgi:initialize_public_application()' \
                OS_KEYSTONE_CONFIG_DIR="$D/etc/keystone" ;;
        placement)
            uwsgi placement "$P_PLACEMENT" 'placement.wsgi:init_application()' \
                OS_PLACEMENT_CONFIG_DIR="$D/etc/placement" ;;
        glance) start glance "$D/bin/glance-api" --config-file "$D/etc/glance/glance-api.conf" ;;
        neutron)
            if [ "$CLOUD_NEUTRON" = stub ]; then
                start neutron "$PY" "$D/bin/neutron-stub" $IP "$P_NEUTRON"
            else
                start neutron "$D/bin/neutron-server" --config-file "$D/etc/neutron/neutron.conf"
            fi ;;
        nova-api) nova nova-api nova-api api-1 ;;
        nova-api-2) nova nova-api-2 nova-api api-2 ;;
        nova-conductor | nova-scheduler) nova "$1" "$1" ;;
        haproxy) start haproxy haproxy -db -f "$D/etc/haproxy.cfg" ;;
        *) nova "$1" nova-compute "$1"; rm -f "$D/hosts/$1/off" ;;
    esac
}

wait_part() {                           # until it answers; a nova-compute is not waited for
    case $1 in
        mariadb) ;;                     # start_mariadb has waited
        rabbitmq) wait_for rabbitmq port_open "$P_AMQP" ;;
        keystone) wait_for keystone http_up "$P_KEYSTONE" ;;
        placement) wait_for placement http_up "$P_PLACEMENT" ;;
        glance) wait_for glance http_up "$P_GLANCE" ;;
        # Its list of ports is a 500 (no attribute 'port_forwardings') until some other
        # query has made SQLAlchemy configure its mappers.
        neutron)
            wait_for neutron http_up "$P_NEUTRON"
            TOKEN=$(token) call GET "http://$IP:$P_NEUTRON/v2.0/networks" >/dev/null ;;
        nova-api) wait_for nova-api http_up "$P_API_1" ;;
        nova-api-2) wait_for nova-api-2 http_up "$P_API_2" ;;
        nova-conductor) wait_for nova-conductor has_logged nova-conductor 'Starting conductor node' ;;
        nova-scheduler) wait_for nova-scheduler has_logged nova-scheduler 'Starting scheduler node' ;;
        haproxy) wait_for haproxy curl -sf -o /dev/null -m 5 "http://$IP:$P_NOVA/" ;;
    esac
}

part_start() { start_part "$1"; wait_part "$1"; }
part_stop() { ask_to_end 20 "$1"; }
part_kill() { pid_of "$1" >/dev/null || die "$1 is not running"; end_now "$1"; }
part_restart() { part_stop "$1"; part_start "$1"; }
part_freeze() { signal STOP "$1" || die "$1 is not running"; }
part_thaw() { signal CONT "$1" || die "$1 is not running"; }

# apis 1|2: one nova-api, or two behind haproxy; the rest of the cloud runs on.
apis() {
    case ${1:-} in 1 | 2) ;; *) die "usage: cloud apis 1|2" ;; esac
    [ "$1" != "$CLOUD_APIS" ] || return 0
    ask_to_end 5 haproxy nova-api nova-api-2
    CLOUD_APIS=$1
    remember_settings
    derive
    configure_nova
    configure_haproxy >"$D/etc/haproxy.cfg"
    local p parts='nova-api'
    [ "$1" = 1 ] || parts='nova-api nova-api-2 haproxy'
    for p in $parts; do start_part "$p"; done
    for p in $parts; do wait_part "$p"; done
}
