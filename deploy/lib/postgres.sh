# shellcheck shell=bash
# The site's own PostgreSQL cluster, on a Unix socket only, and the demo event.

# Another database is used when the environment names one; the site's own may be named too,
# by a shell that has sourced its env.
database_is_private() {
    [[ -z ${DATABASE_URL-} ]] || return 1
    [[ -z ${PGHOST-} ]] || [[ -f $dir/run-dir && $PGHOST == "$(<"$dir/run-dir")/postgres" ]]
}

# find_postgres_bin: prints the directory of the server's programs; those of the version
# that made the cluster, where there is one, else the newest.
find_postgres_bin() {
    local version='*' initdb
    [[ ! -f ${place-}/postgres/PG_VERSION ]] || version=$(<"$place/postgres/PG_VERSION")
    # shellcheck disable=SC2086  # the star is meant
    initdb=$(printf '%s\n' /usr/lib/postgresql/$version/bin/initdb | sort -V | tail -n 1)
    [[ -x $initdb ]] || initdb=$(command -v initdb) || return 1
    dirname "$initdb"
}

name_private_database() {
    export PGHOST=$run/postgres PGPORT=5432 PGDATABASE=holdfast PGUSER=holdfast
}

# start_postgres: makes the cluster the first time.
start_postgres() {
    local data=$place/postgres bin tries=4
    bin=$(find_postgres_bin) || fail 'no PostgreSQL server found'
    if [[ ! -f $data/PG_VERSION ]]; then
        mkdir -p "$data"
        chmod 700 "$data"
        [[ $EUID != 0 ]] || chown "$postgres_user:" "$data"
        # In place of a password, the socket's directory lets in only those who may.
        (cd / && logged as "$postgres_user" "$bin/initdb" -D "$data" -U holdfast -A trust \
            -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions)
    fi
    name_private_database
    wait_for_reaping "$data"
    # The sessions of a server that was killed may keep its memory for a moment.
    until run_postgres "$bin" "$data"; do
        ((--tries > 0)) || fail 'PostgreSQL did not start' "$dir/logs/postgres.log"
        sleep 0.5
    done
    if ! psql -Xqc '' >/dev/null 2>&1; then
        logged "$bin/createdb" holdfast
    fi
}

# wait_for_reaping DATA: the id of a server that was killed is not free, and a new one does
# not start, before the parent of the dead one has taken notice.
wait_for_reaping() {
    local pid tries=100
    [[ -f $1/postmaster.pid ]] || return 0
    read -r pid <"$1/postmaster.pid"
    while [[ -d /proc/$pid ]] && ! started_at "$pid" >/dev/null && ((--tries > 0)); do
        sleep 0.1
    done
}

# run_postgres BIN DATA
run_postgres() {
    # shellcheck disable=SC2086  # options are words
    launch postgres "$postgres_user" "$1/postgres" -D "$2" -k "\"$PGHOST\"" -p "$PGPORT" \
        -c listen_addresses= -c timezone=UTC -c log_timezone=UTC ${HOLDFAST_POSTGRES_OPTIONS-}
    wait_until 60 postgres "$1/pg_isready" -q -d postgres
}

# SIGINT is PostgreSQL's fast stop: it ends its sessions, and loses nothing.
stop_postgres() {
    stop_process postgres INT 30
}

# seed_demo: an event to try things with, where there is no ticket yet.
seed_demo() {
    psql ${DATABASE_URL:+"$DATABASE_URL"} -Xqv ON_ERROR_STOP=1 -v count="$HOLDFAST_DEMO_TICKETS" -f "$root/deploy/lib/demo.sql"
}
