# api.sh - calls of the cloud's own APIs.

json() { "$PY" -c "import json,sys; d=json.load(sys.stdin)
$1"; }

token() {
    curl -s -o /dev/null -D - -m 30 -H 'Content-Type: application/json' "$AUTH_URL/auth/tokens" -d @- <<E |
{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin",
 "domain": {"name": "Default"}, "password": "$CLOUD_PASSWORD"}}},
 "scope": {"project": {"name": "admin", "domain": {"name": "Default"}}}}}
E
        tr -d '\r' | awk 'tolower($1) == "x-subject-token:" {print $2}' | grep .
}

sign_in() { TOKEN=$(token) || die "Keystone at $AUTH_URL gives no token: is the cloud up? (\`cloud status\`, $D/log/keystone.log)"; }

call() {                                # call METHOD URL [JSON]: prints the body
    curl -sS -m 300 -X "$1" -H "X-Auth-Token: $TOKEN" -H 'Content-Type: application/json' \
        -H 'OpenStack-API-Version: compute 2.93' "$2" ${3:+-d "$3"}
}
nova_call() { call "$1" "$NOVA_URL$2" ${3:+"$3"}; }

api() {                                 # api METHOD PATH [JSON]
    TOKEN=${OS_TOKEN:-}
    [ -n "$TOKEN" ] || sign_in
    curl -sS -m 300 -X "$1" -H "X-Auth-Token: $TOKEN" -H 'Content-Type: application/json' \
        -H "OpenStack-API-Version: compute ${MV:-2.93}" -w '\nHTTP %{http_code} %{time_total}\n' \
        "$NOVA_URL$2" ${3:+-d "$3"}
}

catalog() {
    local type url id i
    sign_in
    while read -r type url; do
        id=$(call POST "$AUTH_URL/services" '{"service": {"type": "'"$type"'", "name": "'"$type"'"}}' |
            json 'print(d["service"]["id"])') || return 1
        for i in public internal admin; do
            call POST "$AUTH_URL/endpoints" '{"endpoint": {"service_id": "'"$id"'", "interface": "'$i'",
              "region_id": "RegionOne", "url": "'"$url"'"}}' >/dev/null || return 1
        done
    done <<E
compute $NOVA_URL
placement http://$IP:$P_PLACEMENT
image http://$IP:$P_GLANCE
network http://$IP:$P_NEUTRON
E
}

# One flavor and one image of 1 KiB: the fake driver never looks at the image's bytes.
images_and_flavors() {
    local id images=http://$IP:$P_GLANCE/v2/images
    nova_call GET /flavors | grep -q '"name": "tiny"' || nova_call POST /flavors '{"flavor":
       {"id": "1", "name": "tiny", "vcpus": 1, "ram": 64, "disk": 1}}' >/dev/null
    call GET "$images?name=tiny" | grep -q '"name": *"tiny"' && return
    id=$(call POST "$images" '{"name": "tiny", "disk_format": "raw", "container_format": "bare",
       "visibility": "public"}' | json 'print(d["id"])') || return 1
    head -c 1024 /dev/zero | curl -sS -X PUT -H "X-Auth-Token: $TOKEN" --data-binary @- \
        -H 'Content-Type: application/octet-stream' "$images/$id/file"
}

# Whether every nova-compute has reported since a moment of the database's clock. Nova's
# own "up" outlives a nova-compute by service_down_time, so it proves nothing after a restart.
reporting_since() {
    [ "$(sql -N -e "select count(*) from nova_cell1.services where deleted = 0 and
        host in ('${CLOUD_HOSTS// /\',\'}') and last_seen_up > '$1'")" = "$(wc -w <<<"$CLOUD_HOSTS")" ]
}
database_time() { sql -N -e 'select utc_timestamp()'; }

hosts_mapped() {
    local h list
    list=$(sql -N -e 'select host from nova_api.host_mappings') || return 1
    for h in $CLOUD_HOSTS; do grep -qxF -e "$h" <<<"$list" || return 1; done
}

# 2.37: networks "none". 2.74: "host" as a request that the scheduler checks and does not
# remember as a forced host, so that it does not pin the instance there.
boot() {                                # boot N HOST [PREFIX]
    local n=$1 host=$2 prefix=${3:-vm} image out reservation t0=$SECONDS
    sign_in
    image=$(call GET "http://$IP:$P_GLANCE/v2/images?name=tiny" | json 'print(d["images"][0]["id"])')
    out=$(nova_call POST /servers '{"server": {"name": "'"$prefix"'", "imageRef": "'"$image"'",
        "flavorRef": "1", "networks": "none", "host": "'"$host"'", "min_count": '"$n"',
        "max_count": '"$n"', "return_reservation_id": true}}')
    reservation=$(json 'print(d["reservation_id"])' <<<"$out" 2>/dev/null) || die "Nova refuses to boot: $out"
    # A cheap question, asked seldom, leaves the CPU to the builds.
    built() {
        nova_call GET "/servers?reservation_id=$reservation&all_tenants=1&status=BUILD&limit=1" |
            json 'sys.exit(len(d["servers"]))' || { sleep 0.5; false; }
    }
    CLOUD_TIMEOUT=$((CLOUD_TIMEOUT + 5 * n))    # a busy machine builds one in some seconds
    wait_for "the boot of $n instances on $host" built
    nova_call GET "/servers/detail?reservation_id=$reservation&all_tenants=1" | json '
for s in d["servers"]:
    print(s["id"], s["status"], s["OS-EXT-SRV-ATTR:host"], s["name"], s.get("fault", {}).get("message", ""))
sys.exit(any(s["status"] != "ACTIVE" for s in d["servers"]))' || die "not all of them are ACTIVE"
    say "$n booted in $((SECONDS - t0)) s"
}

print_env() {
    cat <<E
export OS_AUTH_URL=$AUTH_URL
export OS_USERNAME=admin
export OS_PASSWORD=$CLOUD_PASSWORD
export OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME=RegionOne
export NOVA_URL=$NOVA_URL
export CLOUD_DIR=$D
export CLOUD_PORT=$CLOUD_PORT
E
}
