# shellcheck shell=bash
# The Debian package: how it is put together, and what is checked of it.

# build_package DIRECTORY REVISION [PROGRAM]: puts it, or $binary, into a package in DIRECTORY, and sets $package. Everything
# that could differ from run to run is taken from the last commit.
build_package() {
    local stage=$work/stage-$2 program=${3:-$binary} commit version maintainer control swift_version
    commit=$(git -C "$root" rev-parse HEAD)
    version=$("$program" --version)-$2
    maintainer="${DEBFULLNAME:-$(git -C "$root" log -1 --format=%an)} <${DEBEMAIL:-$(git -C "$root" log -1 --format=%ae)}>"
    swift_version=$("$swift" --version 2>/dev/null | sed -n 's/.*(swift-\(.*\)-RELEASE).*/\1/p')
    SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
    export SOURCE_DATE_EPOCH
    rm -rf "$stage" && mkdir "$stage"
    cp -r "$root/deploy/debian" "$stage/debian"
    cp -r "$root/nginx" "$root/deploy/README.md" "$root"/deploy/{grafana,haproxy,patroni,prometheus} "$root/deploy/systemd/rolling-restart" "$stage/"
    # A program that was built elsewhere has left no checkouts here.
    logged "$swift" package --package-path "$root" resolve
    cp "$root"/.build/checkouts/swift-log/NOTICE.txt "$stage/NOTICE.swift-log"
    cp "$program" "$stage/holdfast"
    settle_program "$stage/holdfast"
    cp "$root/deploy/systemd/holdfast.socket" "$root"/deploy/systemd/holdfast{,@}.service "$stage/debian/"
    control=$(<"$stage/debian/control")
    printf '%s\n' "${control//@MAINTAINER@/"$maintainer"}" >"$stage/debian/control"
    {
        printf 'holdfast (%s) unstable; urgency=medium\n\n' "$version"
        printf '  * Version %s, built from commit\n    %s.\n\n' "${version%-*}" "$commit"
        printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } >"$stage/debian/changelog"
    logged "$root/deploy/lib/manual.py" "$stage/holdfast" "$root/nginx/render" "$stage"
    (cd "$stage" && logged dpkg-shlibdeps -O"$stage/libraries" holdfast) || return 1
    "$root/deploy/lib/sbom.py" "$root/Package.resolved" "${swift_version:-unknown}" "$version" "$commit" \
        "$stage/libraries" >"$stage/holdfast.cdx.json"
    # Permissions of the tree are the umask's of whoever has checked it out.
    chmod -R u=rwX,go=rX "$stage"
    (cd "$stage" && logged debian/rules binary) || return 1
    mkdir -p "$1"
    cp "$work"/holdfast{,-dbgsym}_"${version}"_amd64.deb "$1/"
    cp "$stage/holdfast.cdx.json" "$1/"
    rm -rf "$stage"
    package=$1/holdfast_${version}_amd64.deb
}

# settle_program FILE: takes out of the program what differs between two checkouts of the same commit. These
# are the compiler's hashes of its own objects, which nothing else reads. The build id is made anew, of all that
# is left without the symbols: those name the folder of the build.
settle_program() {
    local part=$work/section
    logged objcopy --dump-section .swift_modhash="$part" --dump-section .note.gnu.build-id="$part.id" "$1"
    head -c "$(stat -c %s "$part")" /dev/zero >"$part.zero"
    # 16 bytes say what the note is; a digest of 20 follows.
    { head -c 16 "$part.id" && head -c 20 /dev/zero; } >"$part.none"
    logged objcopy --update-section .swift_modhash="$part.zero" --update-section .note.gnu.build-id="$part.none" "$1"
    logged strip -o "$part.stripped" "$1"
    # shellcheck disable=SC2059  # the format is the digest
    { head -c 16 "$part.id" && printf "$(sha1sum <"$part.stripped" | cut -c 1-40 | sed 's/../\\x&/g')"; } >"$part.new"
    logged objcopy --update-section .note.gnu.build-id="$part.new" "$1"
}

check_package() {
    local limit=$((12 << 20)) bytes file section
    step 'Packing it again: the same bytes'
    # At another time, in another time zone, with another umask, and of a program in which all differs that
    # another checkout would make differ.
    cp "$binary" "$work/elsewhere"
    for section in .swift_modhash .note.gnu.build-id; do
        logged objcopy --dump-section "$section=$work/section" "$work/elsewhere"
        printf '\x2a' | dd of="$work/section" bs=1 seek=20 conv=notrunc status=none
        logged objcopy --update-section "$section=$work/section" "$work/elsewhere"
    done
    (umask 077 && export TZ=Asia/Tokyo LC_ALL=C.UTF-8 && build_package "$work/twice" "$revision" "$work/elsewhere")
    for file in "$work"/twice/*; do
        logged cmp "$output/${file##*/}" "$file"
    done
    step_done

    step 'Holding the package against what it must have'
    bytes=$(stat -c %s "$package")
    ((bytes <= limit)) || fail "$package has $bytes bytes: expected at most $limit"
    check_contents
    step_done "$bytes bytes"

    step 'Running lintian'
    # Without an error or a warning; what is overridden is named with its reason in the package.
    logged env LC_ALL=C.UTF-8 lintian --fail-on error,warning --tag-display-limit 0 --info "$package"
    step_done

    step 'Analyzing the units'
    check_units
    step_done
    check_scripts
    check_installation
}

# check_contents: what dpkg-deb and the files in it say.
check_contents() {
    local list expected
    list=$(dpkg-deb --contents "$package")
    for expected in ./usr/bin/holdfast ./lib/systemd/system/holdfast{,@}.service ./lib/systemd/system/holdfast.socket \
        ./usr/lib/sysusers.d/holdfast.conf ./usr/lib/tmpfiles.d/holdfast.conf ./etc/holdfast/{holdfast,nginx}.env \
        ./usr/share/man/man1/holdfast.1.gz ./usr/share/man/man5/holdfast.env.5.gz \
        ./usr/share/bash-completion/completions/holdfast ./usr/share/holdfast/nginx/render ./usr/share/holdfast/rolling-restart \
        ./usr/share/doc/holdfast/{changelog.Debian.gz,copyright,holdfast.cdx.json,README.md.gz} \
        ./usr/share/doc/holdfast/examples/{prometheus/holdfast.rules.yml,grafana/holdfast.json,haproxy/haproxy.cfg,patroni/patroni.yml}; do
        [[ $list == *" $expected"* ]] || fail "$package has no $expected"
    done
    [[ $(dpkg-deb --field "$package" Recommends) == 'nginx, postgresql' ]] || fail 'nginx and postgresql are not recommended'
    for expected in libc6 libfcgi0ldbl libpq5; do
        [[ $(dpkg-deb --field "$package" Depends) == *$expected* ]] || fail "it does not depend on $expected"
    done
    [[ -z $(awk '$2 != "root/root"' <<<"$list") ]] || fail 'not every file is root'\''s'
    mkdir "$work/contents"
    dpkg-deb --extract "$package" "$work/contents"
    ! grep -qF "$root" "$work/contents/usr/bin/holdfast" || fail 'the program names the checkout'
    logged bash -n "$work/contents/usr/share/bash-completion/completions/holdfast"
    logged python3 -m json.tool "$work/contents/usr/share/doc/holdfast/holdfast.cdx.json"
    # Its file of settings is read by the service, with all comments taken away.
    check_settings_file
    logged env PATH="$PATH:/usr/sbin" HOLDFAST_WORKER_PROCESSES=1 "$work/contents/usr/share/holdfast/nginx/render" \
        --settings "$work/contents/etc/holdfast/nginx.env" "$work/rendered"
}

# check_settings_file: with every default set as it stands there, the service gets as far as its socket.
check_settings_file() {
    local settings=() line
    while read -r line; do
        settings+=("${line#\#}")
    done < <(grep -E '^#HOLDFAST_' "$work/contents/etc/holdfast/holdfast.env")
    ((${#settings[@]} > 20)) || fail 'holdfast.env has no settings'
    logged env "${settings[@]}" HOLDFAST_LISTEN=/nowhere/s "$binary" serve && fail 'it listens on /nowhere/s'
    tail -n 1 "$step_log" | grep -q '/nowhere/s: bind' || fail 'the settings in holdfast.env are not allowed' "$step_log"
}

# check_units: systemd-analyze must have nothing to say of the units, but for their exposure. It looks
# for programs and other units in the machine's own directories, hence the copies.
check_units() {
    local place=$work/units unit said
    mkdir "$place"
    cp "$work"/contents/lib/systemd/system/holdfast* "$place/"
    cp "$place/holdfast@.service" "$place/holdfast@1.service"
    for unit in holdfast.service holdfast@1.service; do
        logged systemd-analyze security --offline=true --threshold=15 "$place/$unit"
    done
    sed -i "s|=/usr/bin/holdfast|=$work/contents/usr/bin/holdfast|" "$place"/*.service
    for unit in holdfast.service holdfast.socket holdfast@1.service; do
        said=$(SYSTEMD_UNIT_PATH="$place:" systemd-analyze verify --man=no "$place/$unit" 2>&1) || fail "$unit: $said"
        [[ -z $said ]] || fail "$unit: $said"
    done
}

# check_scripts: what the maintainer scripts ask of systemd where it is the first process.
check_scripts() {
    local tool place=$work/scripts
    step 'Running its scripts beside systemd'
    dpkg-deb --control "$package" "$place"
    # Whatever they test for systemd is there.
    sed -i 's|-d /run/systemd/system|-d /|' "$place"/*
    mkdir "$place/tools"
    for tool in systemctl deb-systemd-invoke deb-systemd-helper systemd-sysusers systemd-tmpfiles; do
        # shellcheck disable=SC2016  # the script expands
        printf '%s\n' '#!/bin/sh' 'echo "${0##*/} $*" >>"${0%/*}/calls"' >"$place/tools/$tool"
        chmod 755 "$place/tools/$tool"
    done
    check_calls 'deb-systemd-invoke stop holdfast.socket holdfast.service holdfast@*.service' prerm remove
    check_calls '' prerm upgrade 9
    check_calls 'systemctl --system daemon-reload' postinst configure
    check_calls 'systemctl --system daemon-reload' postinst configure 0.1.0-1
    check_calls 'systemctl --system daemon-reload' postrm remove
    step_done
}

# check_calls CALLS SCRIPT ARGUMENT…: with which the script makes these calls, besides those that start and stop nothing.
check_calls() {
    local expected=$1 place=$work/scripts calls
    shift
    : >"$place/tools/calls"
    logged env PATH="$place/tools:$PATH" "$place/$1" "${@:2}"
    calls=$(grep -E '^(systemctl|deb-systemd-invoke) ' "$place/tools/calls" || true)
    [[ $calls == "$expected" ]] || fail "$*: expected the calls \"$expected\", got \"$calls\""
}

# dpkg_in_root OPTION…: dpkg on the root of its own that the package is installed into.
dpkg_in_root() {
    logged dpkg --root="$work/root" --force-not-root --force-depends --force-script-chrootless --force-bad-path "$@"
}

# check_installation: the maintainer scripts, with DPKG_ROOT: first installation, upgrade, removal, purge.
check_installation() {
    local newer
    step 'Installing, upgrading, removing and purging it'
    mkdir -p "$work/root/var/lib/dpkg" "$work/root/etc" "$work/root/run"
    : >"$work/root/var/lib/dpkg/status"
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$work/root/etc/passwd"
    printf 'root:x:0:\nwww-data:x:33:\n' >"$work/root/etc/group"
    dpkg_in_root --install "$package"
    tail -n 5 "$step_log" | grep -qF 'holdfast migrate --grant holdfast' || fail 'it does not name the next commands'
    tail -n 5 "$step_log" | grep -qF 'systemctl enable --now' || fail 'it does not name the next commands'
    grep -q '^holdfast:' "$work/root/etc/passwd" || fail 'it has made no user'
    [[ $(stat -c %a "$work/root/run/holdfast") == 2750 ]] || fail '/run/holdfast is not made'
    logged "$work/root/usr/bin/holdfast" --version
    # A conffile that was changed stays, and the instances are not restarted.
    echo 'HOLDFAST_WORKERS=3' >>"$work/root/etc/holdfast/holdfast.env"
    newer=$work/newer.deb
    dpkg-deb --raw-extract "$package" "$work/newer"
    sed -i "s/^Version: .*/&.1/" "$work/newer/DEBIAN/control"
    logged dpkg-deb -Znone --root-owner-group --build "$work/newer" "$newer"
    dpkg_in_root --force-confdef --force-confold --install "$newer"
    tail -n 5 "$step_log" | grep -qF '/usr/share/holdfast/rolling-restart' || fail 'it does not name the next commands'
    grep -q '^HOLDFAST_WORKERS=3' "$work/root/etc/holdfast/holdfast.env" || fail 'the upgrade has changed holdfast.env'
    dpkg_in_root --remove holdfast
    [[ -f $work/root/etc/holdfast/holdfast.env && ! -e $work/root/usr/bin/holdfast ]] || fail 'the removal is not one'
    dpkg_in_root --purge holdfast
    [[ ! -e $work/root/etc/holdfast && ! -e $work/root/run/holdfast ]] || fail 'the purge has left something'
    [[ -z $(find "$work/root" -name '*holdfast*' -not -path '*/var/log/*' | head -n 1) ]] ||
        fail "the purge has left $(find "$work/root" -name '*holdfast*' | head -n 3)"
    step_done
}
