# process.sh - processes recorded as "PID STARTTIME", so that a pid which the kernel has
# given to somebody else is never signalled.

starttime() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
record() { echo "$1 $(starttime "$1")" >"$2"; }

pid_of() {                              # pid_of FILE: the pid, if that very process still runs
    local pid start
    read -r pid start 2>/dev/null <"$1" || return 1
    [ -n "$start" ] && [ "$(starttime "$pid")" = "$start" ] || return 1
    case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in Z* | '') return 1 ;; esac
    echo "$pid"
}

end_recorded() {                        # end_recorded FILE [SIGNAL]: and wait until it is gone
    local pid i
    pid=$(pid_of "$1") || { rm -f "$1"; return 0; }
    kill "-${2:-KILL}" "$pid" 2>/dev/null
    for ((i = 0; i < 100; i++)); do pid_of "$1" >/dev/null || break; sleep 0.05; done
    pid_of "$1" >/dev/null && echo "cluster: process $pid ($1) does not end" >&2
    rm -f "$1"
}

background() {                          # background PIDFILE LOG COMMAND...
    local file=$1 log=$2
    shift 2
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    record $! "$file"
}

# locked NODE COMMAND: one power operation on a node at a time.
locked() {
    (
        flock -w 60 9 || die "$1 is busy with another power operation"
        "$2" "$1"
    ) 9>"$(disk "$1").lock"
}
