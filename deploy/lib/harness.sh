# shellcheck shell=bash
# What deploy/bench and deploy/chaos have in common: each prepares what it needs, and then becomes a harness in Python.

export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/Tests

need_for_harness() {
    need python3 has python3
}
need_for_plproxy() {
    need postgresql-15-plproxy compgen -G '/usr/share/postgresql/*/extension/plproxy.control'
}

# begin_harness NAME FOLDER ARGUMENT…: sets $python, the $harness in FOLDER, and what it $needs for these arguments.
# Answers --help, and refuses wrong arguments, before anything is built. What it writes goes to .holdfast/NAME.
begin_harness() {
    local name=$1 answer
    harness=$root/$2
    shift 2
    has python3 >/dev/null || install_packages need_for_harness
    # Debian's own Python where there is one: PostgreSQL's user may not reach one in a home folder.
    python=/usr/bin/python3
    [[ -x $python ]] || python=python3
    answer=$("$python" "$harness" --needs "$@")
    if [[ $answer != needs:* ]]; then
        { printf '%s\n' "$answer"; } 2>/dev/null || true
        exit 0
    fi
    read -ra needs <<<"need_to_run ${answer#needs:}"

    # A shell that has sourced a site's env must not lead us to its database.
    binary=${HOLDFAST_BINARY-}
    unset DATABASE_URL "${!PG@}" "${script_settings[@]}"
    HOLDFAST_DIR=$root/.holdfast/$name
    load_settings
    make_directory
}

# prepare_harness: installs what is needed, and sets $binary, the program to use.
prepare_harness() {
    : >"$step_log"
    trap report_failed_step EXIT
    [[ -n $binary ]] || { needs+=(need_to_build) && find_swift; }
    step 'Installing packages'
    install_packages "${needs[@]}"
    step_done "$packages_note"
    if [[ -z $binary ]]; then
        step 'Building Holdfast (minutes, the first time)'
        build_release
        step_done
    fi
    binary=$(realpath "$binary")
    [[ -f $binary && -x $binary ]] || fail "HOLDFAST_BINARY=\"$binary\": expected a program"
    PATH=$(find_postgres_bin):$PATH
    export PATH
}
