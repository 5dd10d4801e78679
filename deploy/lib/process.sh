# shellcheck shell=bash
# Processes: each runs in a session of its own and is recorded by process id and start time, so
# that a reused process id is not taken for one of the site's.

children=()

# started_at PID: prints the start time of the process in ticks; fails if it does not run.
started_at() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    echo "${fields[19]}"
}

# remember NAME PID
remember() {
    echo "$2 $(started_at "$2")" >"$dir/pids/$1"
}

# pid_of NAME: prints the process id; fails when it does not run.
pid_of() {
    local pid started
    [[ -f $dir/pids/$1 ]] || return 1
    read -r pid started <"$dir/pids/$1" || return 1
    # Of one that had ended before it was remembered, nothing is known.
    [[ -n $started && $(started_at "$pid") == "$started" ]] || return 1
    echo "$pid"
}

# running_parts: prints the running parts of the site, in the order in which they are stopped.
running_parts() {
    local file name
    for file in "$dir"/pids/nginx "$dir"/pids/demo "$dir"/pids/holdfast-* "$dir"/pids/postgres; do
        name=${file##*/}
        if pid_of "$name" >/dev/null; then
            echo "$name"
        fi
    done
}

# launch NAME USER COMMAND…: starts it in the background, with its output in logs/NAME.log.
# Bash makes background commands ignore SIGINT and SIGQUIT; env restores the default actions.
launch() {
    local name=$1 user=$2 become=()
    shift 2
    if [[ $EUID == 0 && $user != root ]]; then
        become=(setpriv --reuid="$user" --regid="$user" --init-groups --no-new-privs --)
    fi
    setsid env --chdir=/ --default-signal=INT,QUIT ${become[@]+"${become[@]}"} "$@" \
        </dev/null >>"$dir/logs/$name.log" 2>&1 3>&- 9>&- &
    children+=($!)
    remember "$name" $!
}

# wait_until SECONDS NAME COMMAND…: waits until the command succeeds. Fails when the time is over
# or the process NAME ends.
wait_until() {
    local deadline=$(($(now_milliseconds) + $1 * 1000)) name=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        pid_of "$name" >/dev/null || return 1
        (($(now_milliseconds) < deadline)) || return 1
        sleep 0.05
    done
}

# stop_process NAME SIGNAL SECONDS: sends the signal, waits, and kills it after that time.
stop_process() {
    local pid deadline=$(($(now_milliseconds) + $3 * 1000))
    pid=$(pid_of "$1") || return 0
    kill -s "$2" "$pid" 2>/dev/null || true
    while pid_of "$1" >/dev/null; do
        if (($(now_milliseconds) > deadline)); then
            echo "$1 did not stop within $3 s: killed" >&2
            kill -s KILL "$pid" 2>/dev/null || true
            deadline=$((deadline + 10000))
        fi
        sleep 0.05
    done
    rm -f "$dir/pids/$1"
}
