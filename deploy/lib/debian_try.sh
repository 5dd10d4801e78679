# shellcheck shell=bash
# The package in a new Debian of its own, in which the commands of the guide run.

# guide_commands HEADING [NUMBER [LANGUAGE]]: prints the commands in the section of deploy/README.md, or its
# block with that number, from 1. What is printed is noted; where nothing is found, a command that fails is.
guide_commands() {
    awk -v heading="$1" -v number="${2:-0}" -v language="${3:-sh}" '
        /^#+ / && !fenced {
            if (inside && length($1) <= level) inside = 0
            if (substr($0, length($1) + 2) == heading) { inside = 1; level = length($1) }
        }
        /^ *```/ {
            fenced = !fenced
            code = fenced && inside && $1 == "```" language && (++block == number || !number)
            next
        }
        code { print; printed = 1 }
        END { exit !printed }' "$root/deploy/README.md" | tee -a "$work/guide.used" ||
        echo "echo 'the guide has no commands: $*'; exit 1"
}

# check_guide_is_used: every command of the guide has been printed by guide_commands, but those for Citus.
check_guide_is_used() {
    local unused
    unused=$(awk '/^#+ / && !fenced { skipped = $0 == "### With Citus" }
        /^ *```/ { fenced = !fenced; next }
        fenced && !skipped' "$root/deploy/README.md" | grep -vxFf "$work/guide.used" || true)
    [[ -z $unused ]] || fail "not run: $unused"
}

# in_machine OPTION… -- COMMANDS: runs them as root in the new Debian, in namespaces of their own, with
# which all processes and mounts end. With --net, the network is 127.0.0.0/8 and 10.0.0.0/24, all its own.
in_machine() {
    local options=()
    while [[ $1 != -- ]]; do options+=("$1") && shift; done
    printf 'set -euo pipefail\ncd /root\n%s\n' "$2" >"$work/machine/root/commands"
    # shellcheck disable=SC2016  # the inner shell expands
    logged unshare --mount --pid --fork --kill-child "${options[@]}" bash -euc '
        mount -t proc proc "$1/proc"
        mkdir -p "$1/dev/shm" "$1/dev/pts"
        mount -t tmpfs tmpfs "$1/dev/shm"
        mount -t devpts devpts "$1/dev/pts"
        if [[ $2 == *--net* ]]; then
            ip link set lo up
            ip address add 10.0.0.1/24 dev lo
        fi
        exec env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" bash -x /root/commands' in_machine "$work/machine" "${options[*]}"
}

# try_package: from an empty Debian 12 to a hold over HTTPS, and to all else that the guide tells. It has no
# systemd as its first process, and deploy/lib/systemctl_stand_in does what the units say.
try_package() {
    [[ $EUID == 0 ]] || fail '--try needs root: debootstrap and chroot do'
    : >"$work/guide.used"
    try_image
    make_machine
    step 'Installing it there with what it recommends'
    in_machine -- "$(for section in 'From an empty Debian 12 to HTTPS' Monitoring 'Several hosts behind a load balancer' 'With PL/Proxy'; do
        guide_commands "$section" | grep apt-get
    done)"
    step_done
    try_machine
    try_members
    check_guide_is_used
}

# try_image: what the Containerfile puts into the image, by its own commands, is all that the program needs.
try_image() {
    step 'Running the program in what the Containerfile puts into its image'
    sed -n '/^RUN install -D --strip/,/[^\\]$/p' "$root/deploy/container/Containerfile" |
        sed "s|^RUN ||; s|/image|$work/image|g; s|\.build/release/holdfast|$binary|g" >"$work/image.sh"
    logged bash -euo pipefail "$work/image.sh"
    mkdir "$work/image/proc"
    # With /proc, as engines have it. The service ends well when it is told to, a few seconds later.
    # shellcheck disable=SC2016  # the inner shell expands
    env -i HOLDFAST_LISTEN=127.0.0.1:0 PGHOST=/nowhere PATH="$PATH" unshare --mount --net bash -euc '
        mount -t proc proc "$1/proc"
        ip link set lo up
        timeout --preserve-status 3 chroot --userspec=10001:10001 "$1" /usr/bin/holdfast serve' try_image "$work/image" >"$work/image.log" 2>&1 ||
        fail 'it does not end well' "$work/image.log"
    grep -q '"message":"serving"' "$work/image.log" || fail 'it does not serve' "$work/image.log"
    step_done
}

# make_machine: a Debian 12 in $work/machine, with the package and a newer one.
make_machine() {
    local machine=$work/machine mirror
    step 'Making a new Debian 12 (minutes)'
    install_packages need_to_try_package
    # shellcheck disable=SC2016  # apt-get replaces it
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian$') ||
        fail 'apt has no mirror of Debian'
    logged debootstrap --variant=minbase bookworm "$machine" "$mirror"
    cp /etc/resolv.conf "$machine/etc/"
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >"$machine/etc/hosts"
    install -m 755 "$root/deploy/lib/systemctl_stand_in" "$machine/usr/local/sbin/systemctl"
    # Without a first process that starts services, packages must not try to.
    printf '#!/bin/sh\nexit 101\n' >"$machine/usr/sbin/policy-rc.d"
    chmod 755 "$machine/usr/sbin/policy-rc.d"
    cp "$package" "$machine/root/"
    mkdir "$machine/root/newer" "$work/newer-contents"
    dpkg-deb --raw-extract "$package" "$work/newer-contents"
    sed -i 's/^Version: .*/&.1/' "$work/newer-contents/DEBIAN/control"
    logged dpkg-deb -Znone --root-owner-group --build "$work/newer-contents" "$machine/root/newer/${package##*/}"
    step_done
}

# try_machine: the guide on one machine, as far as several servers of PostgreSQL.
try_machine() {
    local version
    version=$(dpkg-deb --field "$package" Version)
    step 'Following the guide: a hold over HTTPS, metrics, a balancer, an upgrade and the way back, PL/Proxy'
    in_machine --net -- "
        pg_ctlcluster 15 main start
        $(guide_commands 'From an empty Debian 12 to HTTPS' | grep -v apt-get) | tee /root/hold
        echo
        grep -F '{\"message\":\"Tickets blocked\",\"status\":200,\"data\":{\"valido\":true,\"tickets\":[\"E1-001\"]}}' /root/hold
        sleep 3
        systemctl show -p StatusText --value holdfast.service
        $(guide_commands Monitoring | grep -v 'apt-get\|promtool query')
        $(scrape_commands)
        $(guide_commands 'holdfast doctor')
        $(guide_commands 'A customer says that the seat is stuck')
        $(guide_commands Security)
        $(guide_commands 'Several instances')
        $(balancer_commands)
        $(load_commands)
        mkdir older
        mv holdfast_*.deb older/
        mv newer/*.deb .
        $(guide_commands 'Upgrade and rollback' 1)
        [[ \$(dpkg-query --show holdfast) == *'$version.1' ]]
        $(guide_commands 'Upgrade and rollback' 2)
        [[ \$(dpkg-query --show holdfast) == *'$version' ]]
        $(load_end_commands)
        $(sharding_commands)
        pg_ctlcluster 15 main stop"
    step_done "$(grep -a '^answers: ' "$step_log" | tail -n 1)"
    ! grep -aq '^answers: .*other' "$step_log" || fail 'the upgrade or the way back has lost requests' "$step_log"
}

# scrape_commands: ask Prometheus, as the guide does, until it has scraped the service.
scrape_commands() {
    cat <<EOF
for second in \$(seq 60); do
    $(guide_commands Monitoring 2) >/root/scraped 2>&1 || true
    ! grep -q ' => 1 ' /root/scraped || break
    sleep 1
done
grep ' => 1 ' /root/scraped
EOF
}

# load_commands: four clients that hold tickets of their own until /root/enough is there.
load_commands() {
    cat <<'EOF'
sudo -u postgres psql -d holdfast -c "INSERT INTO tickets (ticket_id) SELECT c || '-' || n FROM generate_series(1, 4) c, generate_series(1, 20000) n"
for client in 1 2 3 4; do
    (set +x; n=0; until [ -e /root/enough ]; do
        n=$((n + 1))
        curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8080/tickets_lock -H 'Content-Type: application/json' \
            -d '{"data":{"ticketd_reserved":["'$client-$n'"],"reserved_time":600}}' || true
    done >/root/answers.$client) &
done
sleep 3
EOF
}

# load_end_commands: what the clients were answered.
load_end_commands() {
    cat <<'EOF'
sleep 3
touch /root/enough
sleep 6
cat /root/answers.* | sort | uniq -c
held=$(sudo -u postgres psql -d holdfast -Atc "SELECT count(*) FROM tickets_blocked WHERE ticket_id NOT LIKE 'E1%'")
echo "answers: $(cat /root/answers.* | grep -c '^200') granted, $held held$(cat /root/answers.* | grep -qv '^200' && echo ', other answers' || true)"
EOF
}
