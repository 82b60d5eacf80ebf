# backends.sh - the database and the message queue.

DATABASES="keystone placement glance neutron nova_api nova_cell0 nova_cell1"

sql() { mariadb --no-defaults -u root -S "$D/run/mysql.sock" "$@"; }

# Durability is switched off on purpose: losing this cloud in a crash costs nothing.
start_mariadb() {
    if [ ! -d "$D/db/mysql" ]; then
        say "creating the database server's directory"
        mkdir -p "$D/db"
        mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$D/db" \
            --auth-root-authentication-method=normal --skip-test-db \
            >"$D/log/mariadb-install.log" 2>&1 || die "mariadb-install-db failed, see $D/log/mariadb-install.log"
    fi
    start mariadb mariadbd --no-defaults --user="$(id -un)" --datadir="$D/db" \
        --socket="$D/run/mysql.sock" --pid-file="$D/run/mysqld.own" \
        --bind-address=$IP --port="$P_MYSQL" --max-connections=1000 \
        --innodb-buffer-pool-size=128M --innodb-flush-log-at-trx-commit=0 \
        --skip-innodb-doublewrite --skip-name-resolve --performance-schema=0 \
        --character-set-server=utf8 --collation-server=utf8_general_ci
    wait_for mariadb sql -e 'select 1'
}

# /usr/sbin/rabbitmq-server would switch user and ignore private directories, so the
# script beneath it is called. RABBITMQ_ALLOW_INPUT makes that one exec erl, so that the
# recorded pid is the server's; -noinput then keeps erl from reading its closed input.
start_rabbitmq() {
    # Our own epmd, in the foreground; otherwise erl forks a daemon that nobody owns.
    start epmd epmd -address $IP -port "$P_EPMD"
    wait_for epmd port_open "$P_EPMD"
    echo '[].' >"$D/rabbit/enabled_plugins"
    : >"$D/rabbit/rabbitmq.conf"
    start rabbitmq env HOME="$D/rabbit" \
        RABBITMQ_NODENAME="cloud$CLOUD_PORT@localhost" \
        RABBITMQ_MNESIA_BASE="$D/rabbit/mnesia" \
        RABBITMQ_LOG_BASE="$D/log" \
        RABBITMQ_CONFIG_FILE="$D/rabbit/rabbitmq" \
        RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_ENABLED_PLUGINS_FILE="$D/rabbit/enabled_plugins" \
        RABBITMQ_NODE_IP_ADDRESS=$IP \
        RABBITMQ_NODE_PORT="$P_AMQP" \
        RABBITMQ_DIST_PORT="$P_ERLDIST" \
        ERL_EPMD_PORT="$P_EPMD" \
        ERL_EPMD_ADDRESS=$IP \
        RABBITMQ_ALLOW_INPUT=1 \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}' \
        /usr/lib/rabbitmq/bin/rabbitmq-server -noinput
}
