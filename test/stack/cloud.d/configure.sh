# configure.sh - the configuration of every service but Nova; rewritten by each `up`.

db_url() { echo "mysql+pymysql://openstack:$CLOUD_PASSWORD@$IP:$P_MYSQL/$1?charset=utf8"; }
amqp_url() { echo "rabbit://guest:guest@$IP:$P_AMQP/"; }

# Every service signs in as the same user, admin: a user less to create for each.
credentials() {
    cat <<E
auth_type = password
auth_url = $AUTH_URL
username = admin
password = $CLOUD_PASSWORD
project_name = admin
user_domain_name = Default
project_domain_name = Default
region_name = RegionOne
E
}

# service_token_roles: keystonemiddleware hands Nova a user's token together with its own
# service token; neutron answers 401 unless admin counts as a service's role.
authtoken() {
    cat <<E
[keystone_authtoken]
www_authenticate_uri = $AUTH_URL
service_token_roles_required = true
service_token_roles = admin
$(credentials)
E
}

no_notifications() { printf '[oslo_messaging_notifications]\ndriver = noop\n'; }

configure() {
    configure_keystone >"$D/etc/keystone/keystone.conf"
    configure_placement >"$D/etc/placement/placement.conf"
    configure_glance >"$D/etc/glance/glance-api.conf"
    paste_glance >"$D/etc/glance/api-paste.ini"
    configure_neutron >"$D/etc/neutron/neutron.conf"
    paste_neutron >"$D/etc/neutron/api-paste.ini"
    configure_nova
    configure_haproxy >"$D/etc/haproxy.cfg"
    launchers
}

# password_hash_rounds: the cheapest bcrypt makes a sign-in cost 2 ms of CPU, not 250.
configure_keystone() {
    cat <<E
[DEFAULT]
debug = $CLOUD_DEBUG
use_stderr = true
[database]
connection = $(db_url keystone)
[token]
provider = fernet
expiration = ${CLOUD_TOKEN_LIFE:-86400}
[identity]
password_hash_rounds = 4
[fernet_tokens]
key_repository = $D/keystone/fernet
[fernet_receipts]
key_repository = $D/keystone/fernet
[credential]
key_repository = $D/keystone/credential
[cache]
enabled = true
backend = oslo_cache.dict
$(no_notifications)
E
}

configure_placement() {
    cat <<E
[DEFAULT]
debug = $CLOUD_DEBUG
[api]
auth_strategy = keystone
[placement_database]
connection = $(db_url placement)
$(authtoken)
E
}

configure_glance() {
    cat <<E
[DEFAULT]
debug = $CLOUD_DEBUG
bind_host = $IP
bind_port = $P_GLANCE
workers = 0
enabled_backends = disk:file
image_cache_dir = $D/glance/cache
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = $D/glance/images
[os_glance_staging_store]
filesystem_store_datadir = $D/glance/staging
[os_glance_tasks_store]
filesystem_store_datadir = $D/glance/tasks
[database]
connection = $(db_url glance)
[paste_deploy]
flavor = keystone
config_file = $D/etc/glance/api-paste.ini
[oslo_concurrency]
lock_path = $D/lock/glance
$(no_notifications)
$(authtoken)
E
}

paste_glance() {
    cat <<'E'
[pipeline:glance-api-keystone]
pipeline = http_proxy_to_wsgi versionnegotiation authtoken context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v2: apiv2app
[app:apiversions]
paste.app_factory = glance.api.versions:create_resource
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
delay_auth_decision = true
[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory
E
}

# The API alone, without agents, mechanism drivers or networks: it answers the look-ups
# of ports that Nova makes for every instance, with empty lists.
configure_neutron() {
    cat <<E
[DEFAULT]
debug = $CLOUD_DEBUG
bind_host = $IP
bind_port = $P_NEUTRON
state_path = $D/neutron
core_plugin = ml2
service_plugins =
api_workers = 0
rpc_workers = 0
rpc_state_report_workers = 0
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
api_paste_config = $D/etc/neutron/api-paste.ini
transport_url = $(amqp_url)
auth_strategy = keystone
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers =
[database]
connection = $(db_url neutron)
[oslo_concurrency]
lock_path = $D/lock/neutron
[quotas]
quota_driver = neutron.db.quota.driver_null.DbQuotaDriverNull
$(no_notifications)
$(authtoken)
E
}

paste_neutron() {
    cat <<'E'
[composite:neutron]
use = egg:Paste#urlmap
/: neutronversions_composite
/v2.0: neutronapi_v2_0
[composite:neutronapi_v2_0]
use = call:neutron.auth:pipeline_factory
keystone = http_proxy_to_wsgi request_id catch_errors authtoken keystonecontext extensions neutronapiapp_v2_0
[composite:neutronversions_composite]
use = call:neutron.auth:pipeline_factory
keystone = http_proxy_to_wsgi neutronversions
[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory
[filter:catch_errors]
paste.filter_factory = oslo_middleware:CatchErrors.factory
[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory
[filter:keystonecontext]
paste.filter_factory = neutron.auth:NeutronKeystoneContext.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:extensions]
paste.filter_factory = neutron.api.extensions:plugin_aware_extension_middleware_factory
[app:neutronversions]
paste.app_factory = neutron.pecan_wsgi.app:versions_factory
[app:neutronapiapp_v2_0]
paste.app_factory = neutron.api.v2.router:APIRouter.factory
E
}

# Two nova-api behind one address, as on a cloud with several controllers: HTTP checks,
# and a connection that is refused goes to the other one.
configure_haproxy() {
    cat <<E
global
    maxconn 2000
    stats socket $D/run/haproxy.sock mode 600 level admin
    log stderr format raw local0
defaults
    mode http
    log global
    option httplog
    option redispatch
    retries 3
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout check 2s
listen nova-api
    bind $IP:$P_NOVA
    option httpchk GET /
    http-check expect status 200
    default-server inter 1s fall 2 rise 2
    server nova-api $IP:$P_API_1 check
    server nova-api-2 $IP:$P_API_2 check
E
}
