# shellcheck shell=bash
# The service's processes.

# holdfast_command: sets $holdfast, the environment that $binary is run in.
# A copy is run where the service's user cannot reach the binary.
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

migrate() {
    logged as "$web_user" "${holdfast[@]}" "$binary" migrate
}

# start_holdfast NUMBER
start_holdfast() {
    local socket
    socket=$(holdfast_socket "$1")
    rm -f "$socket"
    launch "holdfast-$1" "$web_user" "${holdfast[@]}" HOLDFAST_LISTEN="$socket" "$binary" serve
    wait_until 15 "holdfast-$1" test -S "$socket" ||
        fail "holdfast-$1 did not start" "$dir/logs/holdfast-$1.log"
}

# stop_holdfast NUMBER: it answers what is in flight, within HOLDFAST_SHUTDOWN_TIMEOUT.
stop_holdfast() {
    stop_process "holdfast-$1" TERM 60
}
