# snapshot.sh - the instances as they are now, to return to them as often as wanted. Booting
# a hundred takes minutes on two cores, returning to them takes seconds; and each trial then
# starts from the very same state.

SNAPPED="nova_api nova_cell0 nova_cell1 placement"

# Nobody may be at work meanwhile: no build, no evacuation.
snapshot() {
    local h
    rm -rf "$D/snapshot"
    mkdir "$D/snapshot"
    mariadb-dump --no-defaults -u root -S "$D/run/mysql.sock" --single-transaction \
        --add-drop-database --databases $SNAPPED >"$D/snapshot/sql" || die 'the database does not answer'
    for h in $CLOUD_HOSTS; do
        [ ! -e "$D/hosts/$h/guests" ] || cp "$D/hosts/$h/guests" "$D/snapshot/$h"
    done
}

restore() {
    local h since t0=$SECONDS
    [ -s "$D/snapshot/sql" ] || die "there is no snapshot; make one with: cloud snapshot"
    for h in $CLOUD_HOSTS; do end_now "$h"; done
    sql <"$D/snapshot/sql" || die 'the database does not take the snapshot'
    for h in $CLOUD_HOSTS; do
        rm -f "$D/hosts/$h"/{guests,guests.new,off,spawn-delay,spawn-fail}
        [ ! -e "$D/snapshot/$h" ] || cp "$D/snapshot/$h" "$D/hosts/$h/guests"
    done
    since=$(database_time)
    for h in $CLOUD_HOSTS; do start_part "$h"; done
    wait_for 'reports of all hosts' reporting_since "$since"
    sign_in
    wait_for 'all hosts up and enabled' all_enabled
    say "restored in $((SECONDS - t0)) s"
}
