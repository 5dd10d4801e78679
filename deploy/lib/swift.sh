# shellcheck shell=bash
# The Swift toolchain and the release build.

# find_swift: sets $swift.
find_swift() {
    local place
    swift=$(command -v swift) && return
    for place in /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/bin \
        "$HOME/.local/share/swiftly/bin" "$HOME/swift/usr/bin"; do
        swift=$place/swift
        [[ ! -x $swift ]] || return 0
    done
    fail "no Swift toolchain found: get one from https://www.swift.org/install and put it on PATH"
}

# build_release: sets $binary. The path of the checkout leaves no trace in it, so that two checkouts
# make the same program.
build_release() {
    logged "$swift" build --package-path "$root" -c release --product holdfast --static-swift-stdlib \
        -Xswiftc -file-prefix-map -Xswiftc "$root=/usr/src/holdfast"
    binary=$root/.build/release/holdfast
}
