# configure-nova.sh - Nova's configuration, and the launchers that stand for the commands
# of Debian's service packages.

configure_nova() {
    local h n
    nova_conf >"$D/etc/nova/nova.conf"
    paste_nova >"$D/etc/nova/api-paste.ini"
    for n in 1 2; do
        local port=P_API_$n
        printf '[DEFAULT]\nosapi_compute_listen_port = %s\n' "${!port}" >"$D/etc/nova/api-$n.conf"
    done
    for h in $CLOUD_HOSTS; do
        mkdir -p "$D/hosts/$h"
        cat >"$D/etc/nova/$h.conf" <<E
[DEFAULT]
host = $h
state_path = $D/hosts/$h
instances_path = $D/hosts/$h/instances
[oslo_concurrency]
lock_path = $D/hosts/$h/lock
E
    done
}

# One file for all of Nova's services; each compute host and API adds a small second one.
# report_interval and service_down_time are short so that a failure is seen in seconds;
# the periodic work of several hosts is kept cheap for a small machine.
nova_conf() {
    cat <<E
[DEFAULT]
debug = $CLOUD_DEBUG
my_ip = $IP
state_path = $D/nova
transport_url = $(amqp_url)
enabled_apis = osapi_compute
osapi_compute_listen = $IP
osapi_compute_workers = 1
report_interval = $CLOUD_REPORT
service_down_time = $CLOUD_DOWN
compute_driver = fake.FakeDriver
update_resources_interval = 30
sync_power_state_interval = 600
heal_instance_info_cache_interval = -1
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = $D/etc/nova/api-paste.ini
[api_database]
connection = $(db_url nova_api)
[database]
connection = $(db_url nova_cell1)
[conductor]
workers = 1
[scheduler]
workers = 1
[quota]
driver = nova.quota.NoopQuotaDriver
[vnc]
enabled = false
[oslo_concurrency]
lock_path = $D/lock/nova
[glance]
api_servers = http://$IP:$P_GLANCE
[placement]
$(credentials)
[neutron]
service_metadata_proxy = false
$(credentials)
[cinder]
$(credentials)
[service_user]
send_service_user_token = false
$(no_notifications)
$(authtoken)
E
}

paste_nova() {
    cat <<'E'
[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: oscomputeversions
/v2.1: oscomputeversion_v2
/v2.1/+: openstack_compute_api_v21
[composite:openstack_compute_api_v21]
use = call:nova.api.auth:pipeline_factory_v21
keystone = http_proxy_to_wsgi compute_req_id faultwrap request_log sizelimit authtoken keystonecontext osapi_compute_app_v21
[filter:request_log]
paste.filter_factory = nova.api.openstack.requestlog:RequestLog.factory
[filter:compute_req_id]
paste.filter_factory = nova.api.compute_req_id:ComputeReqIdMiddleware.factory
[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory
[filter:sizelimit]
paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory
[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory
[app:osapi_compute_app_v21]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
[pipeline:oscomputeversions]
pipeline = faultwrap request_log http_proxy_to_wsgi oscomputeversionapp
[pipeline:oscomputeversion_v2]
pipeline = compute_req_id faultwrap request_log http_proxy_to_wsgi oscomputeversionapp_v2
[app:oscomputeversionapp]
paste.app_factory = nova.api.openstack.compute.versions:Versions.factory
[app:oscomputeversionapp_v2]
paste.app_factory = nova.api.openstack.compute.versions:VersionsV2.factory
[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
E
}

launchers() {
    launcher keystone-manage keystone.cmd.manage
    launcher placement-manage placement.cmd.manage
    launcher glance-manage glance.cmd.manage
    launcher glance-api glance.cmd.api
    launcher neutron-db-manage neutron.db.migration.cli
    launcher neutron-server neutron.cmd.eventlet.server
    launcher nova-manage nova.cmd.manage
    launcher nova-api nova.cmd.api_os_compute
    launcher nova-scheduler nova.cmd.scheduler
    launcher nova-conductor nova.cmd.conductor
    { echo "#!$PY"; cat "$HERE/nova-compute.py"; } >"$D/bin/nova-compute"
    { echo "#!$PY"; cat "$HERE/neutron-stub.py"; } >"$D/bin/neutron-stub"
    chmod 755 "$D"/bin/*
}

launcher() {                            # launcher NAME MODULE
    printf '#!%s\nimport sys\nfrom %s import main\nsys.exit(main())\n' "$PY" "$2" >"$D/bin/$1"
}
