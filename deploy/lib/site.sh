# shellcheck shell=bash
# The whole site: PostgreSQL, Holdfast, the demo and nginx, in this order.

# write_env: writes the file that a shell or a test sources to reach the site. Its PGUSER is the
# owner of the site's own database, not the role of the service.
write_env() {
    local number name pids=() sockets=()
    for number in $(all_holdfast); do
        pids+=("$(pid_of "holdfast-$number" || true)")
        sockets+=("$(holdfast_socket "$number")")
    done
    (
        umask 077
        {
            env_line HOLDFAST_DIR "$dir"
            env_line HOLDFAST_HTTP_URL "http://127.0.0.1:$HOLDFAST_HTTP_PORT"
            env_line HOLDFAST_HTTPS_URL "https://localhost:$HOLDFAST_HTTPS_PORT"
            env_line HOLDFAST_HTTP_PORT "$HOLDFAST_HTTP_PORT"
            env_line HOLDFAST_HTTPS_PORT "$HOLDFAST_HTTPS_PORT"
            env_line HOLDFAST_CA "$dir/certificate.pem"
            env_line HOLDFAST_LOGS "$dir/logs"
            env_line HOLDFAST_INSTANCES "$HOLDFAST_INSTANCES"
            env_line HOLDFAST_SOCKETS "${sockets[*]}"
            env_line HOLDFAST_PID "${pids[0]}"
            env_line HOLDFAST_PIDS "${pids[*]}"
            env_line NGINX_PID "$(pid_of nginx || true)"
            if [[ $database == private ]]; then
                env_line POSTGRES_PID "$(pid_of postgres || true)"
                env_line PGDATA "$place/postgres"
            fi
            for name in DATABASE_URL PGHOST PGPORT PGDATABASE PGUSER; do
                [[ -z ${!name-} ]] || env_line "$name" "${!name}"
            done
            # For libpq's programs, once this file is sourced.
            echo 'export DATABASE_URL PGHOST PGPORT PGDATABASE PGUSER'
        } >"$dir/env.new"
    )
    mv "$dir/env.new" "$dir/env"
}

env_line() {
    printf '%s=%q\n' "$1" "$2"
}

start_database() {
    if [[ $database == private ]]; then
        step 'Starting PostgreSQL'
        start_postgres
        step_done
    fi
    step 'Bringing the tables up to date'
    [[ $database != private ]] || logged create_role
    migrate
    step_done
    if ((HOLDFAST_DEMO_TICKETS > 0)); then
        step "Seeding a demo event of $HOLDFAST_DEMO_TICKETS tickets, if none"
        logged seed_demo
        step_done
    fi
}

start_service() {
    local number
    step "Starting Holdfast"
    for number in $(all_holdfast); do
        start_holdfast "$number"
    done
    step_done
}

# Another process may take a port after it was chosen; then another port is chosen.
start_web() {
    local http=$HOLDFAST_HTTP_PORT https=$HOLDFAST_HTTPS_PORT tries=1
    [[ $http != 0 && $https != 0 ]] || tries=3
    step 'Starting nginx'
    make_certificate
    while true; do
        choose_port HOLDFAST_HTTP_PORT
        choose_port HOLDFAST_HTTPS_PORT
        logged render_nginx
        start_nginx && break
        ((--tries > 0)) || fail 'nginx did not start' "$dir/logs/nginx.log"
        HOLDFAST_HTTP_PORT=$http HOLDFAST_HTTPS_PORT=$https
    done
    step_done
}

wait_for_site() {
    step 'Waiting until it is ready'
    wait_until 30 nginx curl -fsS -m 5 "http://127.0.0.1:$HOLDFAST_HTTP_PORT/readyz" ||
        fail "not ready after 30 s: $(curl -sS -m 5 "http://127.0.0.1:$HOLDFAST_HTTP_PORT/readyz" 2>&1)" "$dir/logs/holdfast-1.log"
    step_done
}

# stop_part NAME
stop_part() {
    case $1 in
    nginx) stop_nginx ;;
    demo) stop_demo ;;
    postgres) stop_postgres ;;
    holdfast-*) stop_holdfast "${1#holdfast-}" ;;
    esac
}

# stop_site: stops every running part.
stop_site() {
    local part
    for part in $(running_parts); do
        step "Stopping $part"
        stop_part "$part"
        step_done
    done
    rm -f "$dir"/pids/* "$dir/env"
    if find_places && [[ $run == /tmp/holdfast.?????? && -O $run ]]; then
        rm -rf "$run"
    fi
}
