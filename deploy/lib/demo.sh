# shellcheck shell=bash
# The demo: an event, a page, and the original's check-then-insert to compare with. The page is for
# the site's own database only.

demo_is_on() {
    [[ $database == private ]] && ((HOLDFAST_DEMO_TICKETS > 0))
}

demo_socket() {
    echo "$run/holdfast/demo.sock"
}

# seed_demo: creates a demo event if there are no tickets.
seed_demo() {
    local psql=(psql)
    [[ -z ${DATABASE_URL-} ]] || psql=(python3 "$root/deploy/lib/psql.py")
    "${psql[@]}" -Xqv ON_ERROR_STOP=1 -v count="$HOLDFAST_DEMO_TICKETS" -f "$root/deploy/lib/demo/event.sql"
}

# start_demo: nginx and the comparison run as users who may be unable to read the checkout.
start_demo() {
    demo_is_on || return 0
    step 'Starting the demo'
    rm -rf "$place/demo"
    cp -r "$root/nginx/demo" "$place/demo"
    install -m 644 "$root/deploy/lib/demo/original.py" "$place/original.py"
    chmod -R u=rwX,go=rX "$place/demo"
    logged psql -Xqv ON_ERROR_STOP=1 -f "$root/deploy/lib/demo/original.sql"
    rm -f "$(demo_socket)"
    launch demo "$web_user" env PGUSER=holdfast_demo /usr/bin/python3 "$place/original.py" "$(demo_socket)"
    wait_until 15 demo test -S "$(demo_socket)" || fail 'the demo did not start' "$dir/logs/demo.log"
    step_done
}

# demo_invitation: prints the page's address.
demo_invitation() {
    demo_is_on || return 0
    printf '\nOpen http://127.0.0.1:%s in a browser: a seat map, two shoppers, and their race for a seat.\n' \
        "$HOLDFAST_HTTP_PORT"
}

stop_demo() {
    stop_process demo TERM 10
}
