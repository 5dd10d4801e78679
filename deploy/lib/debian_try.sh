# shellcheck shell=bash
# The package in a new Debian of its own, in which the commands of the guide run.

# guide_commands HEADING: prints the commands in the section of deploy/README.md.
guide_commands() {
    awk -v heading="## $1" '
        /^## / { inside = $0 == heading }
        inside && /^ *```sh$/ { code = 1; next }
        /^ *```$/ { code = 0 }
        code' "$root/deploy/README.md"
}

# in_machine OPTION… -- COMMANDS: runs them as root in the new Debian, in namespaces of their own, with
# which all processes and mounts end.
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
        ip link set lo up
        exec env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" bash -x /root/commands' in_machine "$work/machine"
}

# try_package: from an empty Debian 12 to a hold over HTTPS. It has no systemd as its first process, and
# deploy/lib/systemctl_stand_in does what the units say.
try_package() {
    local machine=$work/machine mirror install newer
    [[ $EUID == 0 ]] || fail '--try needs root: debootstrap and chroot do'
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
    step_done

    step 'Installing it there with what it recommends'
    install=$(guide_commands 'From an empty Debian 12 to HTTPS' | grep apt-get && guide_commands Monitoring | grep apt-get)
    in_machine -- "$install"
    step_done

    step 'Following the guide: a hold over HTTPS, metrics, an upgrade'
    newer=$machine/root/newer/${package##*/}
    mkdir "$machine/root/newer" "$work/newer-contents"
    dpkg-deb --raw-extract "$package" "$work/newer-contents"
    sed -i 's/^Version: .*/&.1/' "$work/newer-contents/DEBIAN/control"
    logged dpkg-deb -Znone --root-owner-group --build "$work/newer-contents" "$newer"
    in_machine --net -- "
        pg_ctlcluster 15 main start
        $(guide_commands 'From an empty Debian 12 to HTTPS' | grep -v apt-get) | tee /root/hold
        echo
        grep -F '{\"message\":\"Tickets blocked\",\"status\":200,\"data\":{\"valido\":true,\"tickets\":[\"E1-001\"]}}' /root/hold
        sleep 3
        systemctl show -p StatusText --value holdfast.service
        $(guide_commands Monitoring | grep -v 'apt-get\|promtool query')
        $scrape_commands
        $(guide_commands 'holdfast doctor')
        $(guide_commands 'A customer says that the seat is stuck')
        $(guide_commands Security)
        $(guide_commands 'Several instances')
        $load_commands
        mv /root/newer/*.deb /root/
        $(guide_commands 'Upgrade and rollback')
        $load_end_commands
        apt-get purge -y holdfast
        test ! -e /etc/holdfast/holdfast.env -a ! -e /usr/bin/holdfast
        sudo -u postgres psql -d holdfast -tc 'SELECT count(*) FROM tickets_blocked'"
    step_done "$(grep -a '^answers: ' "$step_log" | tail -n 1)"
    ! grep -aq '^answers: .*other' "$step_log" || fail 'the upgrade has lost requests' "$step_log"
}

# Asks Prometheus, as the guide does, until it has scraped the service.
scrape_commands="for second in \$(seq 60); do
            $(guide_commands Monitoring | grep 'promtool query') >/root/scraped 2>&1 || true
            ! grep -q ' => 1 ' /root/scraped || break
            sleep 1
        done
        grep ' => 1 ' /root/scraped"

# Four clients that hold tickets of their own until /root/enough is there, and what they were answered.
load_commands="sudo -u postgres psql -d holdfast -c \"INSERT INTO tickets (ticket_id) SELECT c || '-' || n FROM generate_series(1, 4) c, generate_series(1, 20000) n\"
        for client in 1 2 3 4; do
            (set +x; n=0; until [ -e /root/enough ]; do
                n=\$((n + 1))
                curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8080/tickets_lock -H 'Content-Type: application/json' \
                    -d '{\"data\":{\"ticketd_reserved\":[\"'\$client-\$n'\"],\"reserved_time\":600}}' || true
            done >/root/answers.\$client) &
        done
        sleep 3"
load_end_commands="sleep 3
        touch /root/enough
        sleep 6
        cat /root/answers.* | sort | uniq -c
        held=\$(sudo -u postgres psql -d holdfast -Atc \"SELECT count(*) FROM tickets_blocked WHERE ticket_id NOT LIKE 'E1%'\")
        echo \"answers: \$(cat /root/answers.* | grep -c '^200') granted, \$held held\$(cat /root/answers.* | grep -qv '^200' && echo ', other answers' || true)\""
