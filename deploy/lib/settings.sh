# shellcheck shell=bash
# Settings and paths.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# The settings of these scripts and of nginx, which are not passed to the service.
script_settings=(
    HOLDFAST_DIR HOLDFAST_BINARY HOLDFAST_INSTANCES HOLDFAST_DEMO_TICKETS HOLDFAST_POSTGRES_OPTIONS
    HOLDFAST_HTTP_ADDRESS HOLDFAST_HTTP_PORT HOLDFAST_HTTPS_ADDRESSES HOLDFAST_HTTPS_PORT
    HOLDFAST_SERVER_NAME HOLDFAST_CLIENT_CA HOLDFAST_UNLOCK_FROM HOLDFAST_CORS_ORIGINS HOLDFAST_RATE HOLDFAST_RATE_BURST
    HOLDFAST_VIEW_RATE HOLDFAST_HEALTH_RATE HOLDFAST_HEALTH_CONNECTIONS HOLDFAST_CACHE HOLDFAST_CACHE_BYTES
    HOLDFAST_RATE_CONNECTIONS HOLDFAST_RATE_EXEMPT HOLDFAST_TRUSTED_PROXIES
    HOLDFAST_UPSTREAM_REQUESTS HOLDFAST_UPSTREAM_SEAT_MAPS HOLDFAST_UPSTREAM_KEEPALIVE HOLDFAST_REUSEPORT HOLDFAST_WORKER_PROCESSES
    HOLDFAST_WORKER_CONNECTIONS HOLDFAST_ERROR_LOG_LEVEL HOLDFAST_ACCESS_LOG HOLDFAST_ERROR_LOG
    HOLDFAST_HTTP_URL HOLDFAST_HTTPS_URL HOLDFAST_CA HOLDFAST_DEMO HOLDFAST_DEMO_SOCKET HOLDFAST_PID HOLDFAST_PIDS HOLDFAST_SOCKETS
    HOLDFAST_LOGS HOLDFAST_TEST_DIR HOLDFAST_TEST_BINARY HOLDFAST_TEST_ROOT
)

load_settings() {
    dir=${HOLDFAST_DIR:-$root/.holdfast}
    [[ $dir == /* ]] || dir=$PWD/$dir
    : "${HOLDFAST_HTTP_PORT:=8080}" "${HOLDFAST_HTTPS_PORT:=8443}"
    : "${HOLDFAST_INSTANCES:=1}" "${HOLDFAST_DEMO_TICKETS:=500}"
    require_number HOLDFAST_HTTP_PORT 0 65535
    require_number HOLDFAST_HTTPS_PORT 0 65535
    require_number HOLDFAST_INSTANCES 1 64
    require_number HOLDFAST_DEMO_TICKETS 0 1000000
    # On Debian, nginx is not in an ordinary user's PATH.
    PATH+=:/usr/sbin:/sbin
}

# require_number NAME LEAST MOST
require_number() {
    if [[ ! ${!1} =~ ^[0-9]{1,9}$ ]] || ((10#${!1} < $2 || 10#${!1} > $3)); then
        fail "$1=\"${!1}\": expected a number from $2 to $3"
    fi
}

# The users that the parts run as: users of their own when root starts them, else the caller.
if [[ $EUID == 0 ]]; then
    postgres_user=postgres
    web_user=www-data
else
    postgres_user=$(id -un)
    web_user=$postgres_user
fi

# as USER COMMAND…
as() {
    local user=$1
    shift
    if [[ $EUID == 0 && $user != root ]]; then
        setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
    else
        "$@"
    fi
}

# The directories of a site:
#   $dir    files for people: env, logs, the certificate
#   $place  the database's files: the same directory, unless the users above cannot enter it
#   $run    sockets: the path of a Unix socket has at most 107 bytes, and $dir may be longer; lists of
#           sockets are split at spaces, and $dir may have one
make_directory() {
    mkdir -p "$dir" "$dir/logs" "$dir/pids"
    step_log=$dir/logs/run.log
}

# find_places: reads the directories of an existing site.
find_places() {
    [[ -f $dir/run-dir ]] || return 1
    run=$(<"$dir/run-dir")
    place=$(<"$dir/place")
}

# make_places: creates them; the users must exist.
make_places() {
    if ! find_places; then
        place=$dir
        if [[ $EUID == 0 ]] && ! as "$postgres_user" test -x "$dir"; then
            place=/var/lib/holdfast-$(printf %s "$dir" | sha256sum | cut -c 1-12)
        fi
        run=$place/run
    fi
    # A directory in /tmp may have been removed, and another user may have created it since.
    if ((${#run} > 75)) || [[ $run == *[[:space:]]* ]] || [[ $run == /tmp/holdfast.?????? && ! -O $run ]]; then
        run=$(mktemp -d /tmp/holdfast.XXXXXX)
    fi
    mkdir -p "$place" "$run/postgres" "$run/holdfast" "$run/nginx"
    echo "$place" >"$dir/place"
    echo "$run" >"$dir/run-dir"

    if [[ $EUID == 0 ]]; then
        chmod 755 "$run"
        chown "$postgres_user:$web_user" "$run/postgres"
        chown "$web_user:" "$run/holdfast"
        chmod 750 "$run/postgres" "$run/holdfast"
    else
        chmod 700 "$run"
    fi
}

# lock_site SECONDS: one script at a time changes a site. Children do not inherit the lock.
lock_site() {
    mkdir -p "$dir"
    exec 9>"$dir/lock"
    flock -w "$1" 9 || fail "another script is at work on $dir"
}

unlock_site() {
    exec 9>&-
}
