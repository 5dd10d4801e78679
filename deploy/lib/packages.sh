# shellcheck shell=bash
# Debian packages, installed when a file or command from them is missing.

# need PACKAGE COMMAND…: the package is missing if the command fails.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

has() {
    command -v "$1"
}

need_to_run() {
    need nginx has nginx
    need openssl has openssl
    need curl has curl
    need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
    need postgresql-client has psql
    need libpq5 find_library libpq.so.5
    need libssl3 find_library libcrypto.so.3
    need libfcgi0ldbl find_library libfcgi.so.0
    need zlib1g find_library libz.so.1
    # The demo's comparison, and its event.
    need python3 test -x /usr/bin/python3
    if database_is_private; then
        need postgresql find_postgres_bin
    fi
}

need_to_build() {
    need git has git
    need binutils has ld
    need g++ has g++
    need libc6-dev test -f /usr/include/stdio.h
    need pkg-config has pkg-config
    need libpq-dev test -f /usr/include/postgresql/libpq-fe.h
    need libssl-dev test -f /usr/include/openssl/sha.h
    need libfcgi-dev test -f /usr/include/fcgiapp.h
    need zlib1g-dev test -f /usr/include/zlib.h
    # Libraries that the Swift toolchain is linked with.
    need libxml2 find_library libxml2.so.2
    need libsqlite3-0 find_library libsqlite3.so.0
    need libcurl4 find_library libcurl.so.4
    need libncurses6 find_library libncurses.so.6
}

need_to_test() {
    need shellcheck has shellcheck
    # cgi-fcgi, an independent FastCGI client.
    need libfcgi-bin has cgi-fcgi
    need python3-venv python3 -c 'import ensurepip'
    need chromium has chromium
    # For the tests of several servers: an extension, which starts nothing.
    need postgresql-15-plproxy compgen -G '/usr/share/postgresql/*/extension/plproxy.control'
    need fonts-dejavu-core test -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
    # With promtool. It is never started as a service.
    need prometheus has prometheus
}

need_to_package() {
    need python3 has python3
    need dpkg-dev has dpkg-shlibdeps
    need debhelper has dh
}

need_to_check_package() {
    need lintian has lintian
    need systemd has systemd-analyze
}

need_to_try_package() {
    need debootstrap has debootstrap
}

need_to_document() {
    need python3-venv python3 -c 'import ensurepip'
}

find_library() {
    [[ $(/sbin/ldconfig -p) == *"$1 "* ]]
}

# install_packages NEED…: installs the packages that the named functions find missing.
install_packages() {
    local missing=() what
    for what in "$@"; do
        "$what"
    done
    if ((${#missing[@]} == 0)); then
        packages_note='all installed'
        return
    fi
    has apt-get >/dev/null || fail "missing: ${missing[*]} (these are Debian's names); please install them"
    local sudo=()
    if [[ $EUID != 0 ]]; then
        has sudo >/dev/null || fail "missing: ${missing[*]}; please install them as root (there is no sudo)"
        sudo=(sudo)
    fi
    logged ${sudo[@]+"${sudo[@]}"} apt-get update
    # Debian starts the services that it installs, on ports that may be in use. This policy
    # forbids it during the installation; an existing policy stays.
    # shellcheck disable=SC2016  # the inner shell expands
    logged ${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive bash -c '
        policy=/usr/sbin/policy-rc.d
        if [[ ! -e $policy ]]; then
            trap "rm -f $policy" EXIT
            printf "#!/bin/sh\nexit 101\n" >$policy
            chmod 755 $policy
        fi
        apt-get install -y --no-install-recommends "$@"' install "${missing[@]}"
    packages_note="installed ${missing[*]}"
}
