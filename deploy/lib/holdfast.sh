# shellcheck shell=bash
# The service's processes.

# holdfast_command: sets $holdfast, the command that runs $binary with the service's environment.
# If the service's user cannot reach the binary, a copy of it is run.
holdfast_command() {
    local name
    if ! as "$web_user" test -x "$binary"; then
        install -D -m 755 "$binary" "$place/bin/holdfast"
        binary=$place/bin/holdfast
    fi
    echo "$binary" >"$dir/binary"
    holdfast=(env)
    for name in "${script_settings[@]}"; do
        holdfast+=(-u "$name")
    done
}

holdfast_socket() {
    echo "$run/holdfast/$1.sock"
}

# all_holdfast: prints the numbers of the instances.
all_holdfast() {
    seq 1 "$HOLDFAST_INSTANCES"
}

# migrate: in the site's own database as its owner, in another as the user that it was given for.
migrate() {
    local user=$web_user grant=()
    if [[ ${HOLDFAST_SHARD_KEY:-off} != off ]]; then
        # The tables are on other servers.
        grant=(--engine plproxy)
    elif [[ $database == private ]]; then
        user=$postgres_user
        grant=(--grant "$service_role")
        # deploy/bench runs versions that know no confirm, too.
        ! "$binary" migrate --help | grep -qe --confirm || grant+=(--confirm)
    fi
    [[ ${HOLDFAST_MAX_HELD_TICKETS:-0} == 0 ]] || grant+=(--limits)
    logged as "$user" "${holdfast[@]}" "$binary" migrate ${grant[@]+"${grant[@]}"}
}

# start_holdfast NUMBER: in the site's own database, the service has a plain role, and may sell tickets.
start_holdfast() {
    local socket role=()
    socket=$(holdfast_socket "$1")
    [[ $database != private ]] || role=(PGUSER="$service_role" HOLDFAST_CONFIRM="${HOLDFAST_CONFIRM-true}")
    rm -f "$socket"
    launch "holdfast-$1" "$web_user" "${holdfast[@]}" ${role[@]+"${role[@]}"} \
        HOLDFAST_LISTEN="$socket" "$binary" serve
    wait_until 15 "holdfast-$1" test -S "$socket" ||
        fail "holdfast-$1 did not start" "$dir/logs/holdfast-$1.log"
}

# stop_holdfast NUMBER: it answers the requests in flight first, within HOLDFAST_SHUTDOWN_TIMEOUT.
stop_holdfast() {
    stop_process "holdfast-$1" TERM 60
}
