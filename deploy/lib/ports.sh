# shellcheck shell=bash
# TCP ports of this machine.

# port_is_free PORT: no process listens on it, on any address.
port_is_free() {
    local hex
    printf -v hex '%04X' "$1"
    ! grep -Eqs "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6
}

# choose_port NAME: sets the setting to a free port if it is 0; otherwise its port must be free.
choose_port() {
    local port=${!1}
    if [[ $port == 0 ]]; then
        # Below the range from which the kernel takes the ports of outgoing connections.
        until ((port > 0)) && port_is_free "$port"; do
            port=$((10000 + SRANDOM % 20000))
        done
    elif ! port_is_free "$port"; then
        fail "port $port is in use: set $1 to another one (0 chooses)"
    fi
    printf -v "$1" '%s' "$port"
}
