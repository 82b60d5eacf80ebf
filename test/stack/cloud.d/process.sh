# process.sh - starting, finding, signalling and ending the cloud's processes.
#
# A pid file holds "PID STARTTIME" (field 22 of /proc/PID/stat), so that a pid which the
# kernel has meanwhile given to somebody else is never signalled. Every part leads its
# own process group: its workers go, or freeze, with it.

starttime() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# pid_of NAME: prints the pid if that very process is alive (a zombie is not).
pid_of() {
    local pid start
    read -r pid start 2>/dev/null <"$D/run/$1.pid" || return 1
    [ -n "$start" ] && [ "$(starttime "$pid")" = "$start" ] || return 1
    case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in Z* | '') return 1 ;; esac
    echo "$pid"
}

# start NAME COMMAND...: unless it runs already.
start() {
    local name=$1 pid
    shift
    (
        flock 7
        pid_of "$name" >/dev/null && exit 0
        echo "--- started $(date '+%F %T')" >>"$D/log/$name.log"
        # A bare environment: a service must not meet the caller's pyenv, proxies or OS_*.
        # In a background job of a script setsid execs, so $! is the service itself; and a
        # service must not inherit the locks, nor what the caller holds (flock(1) opens the lowest).
        setsid env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$D" TMPDIR="$D/tmp" \
            "$@" >>"$D/log/$name.log" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- \
            7>&- 8>&- 9>&- &
        pid=$!
        echo "$pid $(starttime $pid)" >"$D/run/$name.pid"
    ) 7>"$D/lock/start-$name"
}

# signal SIGNAL NAME: to the part and all its workers.
signal() {
    local pid
    pid=$(pid_of "$2") || return 1
    if [ "$(ps -o pgid= -p "$pid" | tr -d ' ')" = "$pid" ]; then
        kill "-$1" -- "-$pid"
    else
        kill "-$1" "$pid"
    fi
}

# ask_to_end SECONDS NAME...: TERM, and KILL for those that have not ended by then.
ask_to_end() {
    local secs=$1 name pid i
    shift
    for name; do
        pid=$(pid_of "$name") || continue
        kill -TERM "$pid"
        signal CONT "$name"             # a frozen process would not hear it
    done
    for ((i = 0; i < secs * 10; i++)); do
        for name; do pid_of "$name" >/dev/null && { sleep 0.1; continue 2; }; done
        break
    done
    for name; do end_now "$name"; done
}

end_now() {                             # end_now NAME: and wait until it is gone
    local i
    signal KILL "$1" 2>/dev/null
    for ((i = 0; i < 100; i++)); do pid_of "$1" >/dev/null || break; sleep 0.05; done
    rm -f "$D/run/$1.pid"
}

# wait_for WHAT COMMAND...: WHAT is a part's name, or words for the message.
wait_for() {
    local what=$1 t0=$SECONDS
    shift
    until "$@" >/dev/null 2>&1; do
        [ ! -e "$D/run/$what.pid" ] || pid_of "$what" >/dev/null ||
            die "$what ended: $(tail -n 3 "$D/log/$what.log")"
        ((SECONDS - t0 < CLOUD_TIMEOUT)) || die "$what: not ready after $CLOUD_TIMEOUT s, see $D/log"
        sleep 0.3
    done
}

# has_logged NAME TEXT: since its last start.
has_logged() {
    awk -v text="$2" '/^--- started /{seen = 0} index($0, text){seen = 1} END{exit !seen}' "$D/log/$1.log"
}

port_open() { (exec 3<>"/dev/tcp/$IP/$1") 2>/dev/null; }
http_up() { curl -s -o /dev/null -m 5 "http://$IP:$1/"; }
running() { local f; for f in "$D"/run/*.pid; do [ -e "$f" ] && basename "$f" .pid; done; }
memory() { ps -o rss= -p "$1" --ppid "$1" | awk '{s += $1} END {print int(s / 1024)}'; }    # MiB
