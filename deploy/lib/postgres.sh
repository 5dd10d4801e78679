# shellcheck shell=bash
# The site's own PostgreSQL cluster, on a Unix socket only.

# service_role: the service's role in the site's own cluster, whose superuser is `holdfast`.
service_role=holdfast_service

# The environment may name another database. A shell that has sourced the site's env names the
# site's own one.
database_is_private() {
    [[ -z ${DATABASE_URL-} ]] || return 1
    [[ -z ${PGHOST-} ]] || [[ -f $dir/run-dir && $PGHOST == "$(<"$dir/run-dir")/postgres" ]]
}

# find_postgres_bin: prints the directory of the server's programs: of the version that created
# the cluster, or of the newest one if there is no cluster.
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

# start_postgres: creates the cluster the first time, under another name until it is whole.
start_postgres() {
    local data=$place/postgres bin tries=4
    bin=$(find_postgres_bin) || fail 'no PostgreSQL server found'
    if [[ ! -f $data/PG_VERSION ]]; then
        rm -rf "$data.new"
        mkdir -m 700 "$data.new"
        [[ $EUID != 0 ]] || chown "$postgres_user:" "$data.new"
        (cd / && logged as "$postgres_user" "$bin/initdb" -D "$data.new" -U holdfast -A trust \
            -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions)
        mv -T "$data.new" "$data"
    fi
    name_private_database
    write_access "$data"
    wait_for_reaping "$data"
    # The sessions of a killed server may keep its shared memory for a moment.
    until run_postgres "$bin" "$data"; do
        ((--tries > 0)) || fail 'PostgreSQL did not start' "$dir/logs/postgres.log"
        sleep 0.5
    done
    if ! psql -Xqc '' >/dev/null 2>&1; then
        logged "$bin/createdb" holdfast
    fi
}

# write_access DATA: who may connect. The socket's directory admits only the site's users. When
# root runs the site, the service has a system user of its own, which must not become a superuser:
# only root and the server's user may connect as holdfast. Everybody may connect as a plain role.
# For an ordinary user, all parts of the site are that user.
write_access() {
    local user
    if [[ $EUID == 0 ]]; then
        cat >"$1/pg_hba.conf" <<-'EOF'
			local all,replication holdfast peer map=owner
			local all all trust
		EOF
        for user in root "$postgres_user"; do
            echo "owner $user holdfast"
        done >"$1/pg_ident.conf"
    else
        printf '%s\n' 'local all,replication all trust' >"$1/pg_hba.conf"
    fi
}

# create_role: creates the role of the service if there is none; the migration grants it its rights.
create_role() {
    psql -Xqv ON_ERROR_STOP=1 -v role="$service_role" <<-'EOF'
		SELECT format('CREATE ROLE %I LOGIN', :'role')
		 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
	EOF
}

# wait_for_reaping DATA: a new server does not start while the process id of a killed one is in
# use, which it is until the parent process has collected its status.
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

# SIGINT is PostgreSQL's fast shutdown: it ends the sessions and loses nothing.
stop_postgres() {
    stop_process postgres INT 30
}
