# shellcheck shell=bash
# Clang's sanitizers under the tests and the service: what they are told, and what they say.
# libpq and glibc are not instrumented: of what they do, only what their callers pass is seen.

# use_sanitizer NAME REPORTS: what is started from now on writes its reports into REPORTS, a
# directory that the site's users can write to.
use_sanitizer() {
    local suppressions=$root/Tests/Sanitizers/$1.supp common
    reports=$2
    mkdir -m 1777 "$reports"
    # A copy that the site's users can read, wherever the checkout lies.
    install -m 644 "$suppressions" "$reports.supp"
    common="log_path=$reports/report:print_suppressions=0"
    case $1 in
    # It goes on after a report, so that one run finds all there is. By itself it would end
    # each process a second late.
    thread) export TSAN_OPTIONS="$common:suppressions=$reports.supp:second_deadlock_stack=1:atexit_sleep_ms=100" ;;
    address)
        export ASAN_OPTIONS="$common:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
        export LSAN_OPTIONS="print_suppressions=0:suppressions=$reports.supp"
        ;;
    *) fail "--sanitize=$1: expected thread or address" ;;
    esac
}

# show_reports: prints them; fails when there is one.
show_reports() {
    local file found=0
    for file in "$reports"/*; do
        [[ -s $file ]] || continue
        found=1
        cat "$file" >&2
    done
    ((found == 0)) || echo "${0##*/}: the sanitizer has reported, see above" >&2
    return $found
}
