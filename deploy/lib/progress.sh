# shellcheck shell=bash
# One line for each step, with the time it took. What a step's commands print goes to the
# run's log; of a step that fails, the end of the log is shown.

exec 3>&1
step_name=
step_log=/dev/null

now_milliseconds() {
    local now=${EPOCHREALTIME//[.,]/}
    echo $((now / 1000))
}

# step NAME: begins one.
step() {
    step_name=$1
    step_started=$(now_milliseconds)
    printf '%-52s' "$1" >&3
}

# step_done [NOTE]
step_done() {
    local took=$(($(now_milliseconds) - step_started))
    printf '%6d.%d s%s\n' $((took / 1000)) $((took % 1000 / 100)) "${1:+  ($1)}" >&3
    step_name=
}

# logged COMMAND…: its output goes to the log of the run.
logged() {
    "$@" >>"$step_log" 2>&1
}

# fail MESSAGE [LOG]: ends the run.
fail() {
    [[ -z $step_name ]] || echo "      failed" >&3
    step_name=
    [[ -z ${2-} || ! -s $2 ]] || tail -n 20 "$2" >&2
    echo "${0##*/}: $1" >&2
    exit 1
}

# For a trap on EXIT: says which step a failing command was in.
report_failed_step() {
    [[ -n $step_name ]] || return 0
    echo "      failed" >&3
    tail -n 20 "$step_log" >&2
    echo "${0##*/}: failed: $step_name (the whole log is $step_log)" >&2
    step_name=
}
