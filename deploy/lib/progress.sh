# shellcheck shell=bash
# Prints one line per step, with the time it took. The output of a step's commands goes to the
# log of the run; when a step fails, the end of that log is printed.

# Whoever reads the output may stop reading, as `head` does. That must not end a script halfway:
# the handler keeps the signal from killing the shell, and the functions below ignore the error.
# Commands that the shell starts have the default action again.
trap : PIPE
exec 3>&1
step_name=
step_log=/dev/null

now_milliseconds() {
    local now=${EPOCHREALTIME//[.,]/}
    echo $((now / 1000))
}

# say FORMAT ARGUMENT…: prints to the terminal, if anybody reads it.
say() {
    # shellcheck disable=SC2059  # the format is the caller's
    { printf "$@" >&3; } 2>/dev/null || true
}

# step NAME: begins a step.
step() {
    step_name=$1
    step_started=$(now_milliseconds)
    say '%-52s' "$1"
}

# step_done [NOTE]
step_done() {
    local took=$(($(now_milliseconds) - step_started))
    say '%6d.%d s%s\n' $((took / 1000)) $((took % 1000 / 100)) "${1:+  ($1)}"
    step_name=
}

# logged COMMAND…: runs it with its output going to the log of the run.
logged() {
    "$@" >>"$step_log" 2>&1
}

# fail MESSAGE [LOG]: ends the run with an error.
fail() {
    [[ -z $step_name ]] || say '      failed\n'
    step_name=
    {
        [[ -z ${2-} || ! -s $2 ]] || tail -n 20 "$2" >&2
        echo "${0##*/}: $1" >&2
    } || true
    exit 1
}

# For a trap on EXIT: reports the step in which a command failed.
report_failed_step() {
    [[ -n $step_name ]] || return 0
    say '      failed\n'
    {
        tail -n 20 "$step_log" >&2
        echo "${0##*/}: failed: $step_name (the whole log is $step_log)" >&2
    } || true
    step_name=
}
