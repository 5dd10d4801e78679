# shellcheck shell=bash
# Patroni, in a virtual environment that is kept.

# install_patroni: exports $CHAOS_PATRONI. The database's user runs what lies there.
install_patroni() {
    local wanted=$root/deploy/patroni/requirements.txt place=$dir
    if [[ $EUID == 0 ]] && ! as "$postgres_user" test -x "$dir"; then
        place=/var/lib/holdfast-patroni
    fi
    export CHAOS_PATRONI=$place/patroni
    ! cmp -s "$wanted" "$CHAOS_PATRONI/installed" || return 0
    rm -rf "$CHAOS_PATRONI"
    logged "$python" -m venv "$CHAOS_PATRONI"
    logged "$CHAOS_PATRONI/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$CHAOS_PATRONI/installed"
}
