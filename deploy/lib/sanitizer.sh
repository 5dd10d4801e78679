# shellcheck shell=bash
# Clang's sanitizers for the tests and the service: their options and their reports.
# libpq and glibc are not instrumented; only the arguments passed to them are checked.

# use_sanitizer NAME REPORTS: processes started from now on write their reports to REPORTS, a
# directory that the site's users can write to.
use_sanitizer() {
    local suppressions=$root/Tests/Sanitizers/$1.supp common
    reports=$2
    mkdir -m 1777 "$reports"
    # A copy, because the site's users may be unable to read the checkout.
    install -m 644 "$suppressions" "$reports.supp"
    common="log_path=$reports/report:print_suppressions=0"
    case $1 in
    # It continues after a report, so that one run finds everything. By default it would delay
    # the exit of each process by a second.
    thread) export TSAN_OPTIONS="$common:suppressions=$reports.supp:second_deadlock_stack=1:atexit_sleep_ms=100" ;;
    address)
        export ASAN_OPTIONS="$common:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
        export LSAN_OPTIONS="print_suppressions=0:suppressions=$reports.supp"
        ;;
    *) fail "--sanitize=$1: expected thread or address" ;;
    esac
}

# show_reports: prints the reports; fails if there are any.
show_reports() {
    local file found=0
    for file in "$reports"/*; do
        [[ -s $file ]] || continue
        found=1
        cat "$file" >&2
    done
    ((found == 0)) || echo "${0##*/}: the sanitizer reported errors, see above" >&2
    return $found
}
