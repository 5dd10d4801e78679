# shellcheck shell=bash
# What the guide tells of several machines. All are on one here, in the network 10.0.0.0/24.

# hold_commands URL TICKET: hold the ticket there, and fail if it is not granted.
hold_commands() {
    cat <<EOF
curl -fsS --cacert /etc/holdfast/certificate.pem $1/tickets_lock -H 'Content-Type: application/json' \\
    -d '{"data":{"ticketd_reserved":["$2"],"reserved_time":600}}' | grep -F '"valido":true,"tickets":["$2"]'
EOF
}

# balancer_commands: HAProxy with the file of the package. Both of its hosts are this machine's nginx.
balancer_commands() {
    cat <<EOF
$(guide_commands 'Several hosts behind a load balancer' 1)
# A balancer's machine has no nginx of Debian's on port 80.
rm /etc/nginx/sites-enabled/default
systemctl restart nginx
cd /usr/share/doc/holdfast/examples
$(guide_commands 'Several hosts behind a load balancer' 2 | grep -v apt-get)
cd /root
sudo -u postgres psql -d holdfast -c "INSERT INTO tickets (ticket_id) VALUES ('E1-002')"
$(hold_commands http://127.0.0.1 E1-002)
EOF
}

# sharding_commands: two servers with tickets, and PL/Proxy in the database that there was. A server's own
# socket directory is mounted where the commands look for it.
sharding_commands() {
    cat <<EOF
cp /etc/holdfast/holdfast.env /root/plain.env
cat >/root/on-server <<'END'
set -euo pipefail
mount --bind "/run/server\$1" /run/postgresql
shift
"\$@"
END
on_server() { unshare --mount --propagation unchanged bash /root/on-server "\$@"; }
cat >/root/make-server <<'END'
set -euo pipefail
$(guide_commands 'With PL/Proxy' 1 | sed "s/'…'/'secret'/")
END
for number in 1 2; do
    install -d -o postgres /run/server\$number
    data=/var/lib/postgresql/server\$number
    sudo -u postgres /usr/lib/postgresql/15/bin/initdb --auth-local=peer --auth-host=scram-sha-256 "\$data"
    echo 'host all all 10.0.0.0/24 scram-sha-256' >>"\$data/pg_hba.conf"
    sudo -u postgres /usr/lib/postgresql/15/bin/pg_ctl --wait --log="\$data/log" --pgdata="\$data" \\
        --options="-c listen_addresses=10.0.0.\$number -c unix_socket_directories=/run/server\$number" start
    on_server \$number bash -x /root/make-server
done
place=\$(sudo -u postgres psql -Atc "SELECT (hashtext('E7') & 1) + 1")
on_server \$place sudo -u postgres psql -d holdfast -c "INSERT INTO tickets (ticket_id, event_id) VALUES ('E7-001', 'E7')"
(
    set -e
    $(guide_commands 'With PL/Proxy' 2 | grep -v apt-get)
) <<'END'
\set ON_ERROR_STOP on
$(guide_commands 'With PL/Proxy' 1 sql | sed "s/'…'/'secret'/")
END
$(guide_commands 'With PL/Proxy' 3)
$(guide_commands 'With PL/Proxy' 4)
$(hold_commands https://localhost E7-001)
[[ \$(on_server \$place sudo -u postgres psql -d holdfast -Atc 'SELECT string_agg(ticket_id, \$\$ \$\$) FROM tickets_blocked') == E7-001 ]]
EOF
}

# try_members: three members of Patroni's cluster, each with directories of its own where the machine has
# the package's, and Holdfast in front of them. At last the package is purged.
try_members() {
    local examples=/usr/share/doc/holdfast/examples file
    step 'Following the guide: a cluster of Patroni, and the end'
    for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        # What Python's packages are found by here.
        [[ ! -e $file ]] || cp "$file" "$work/machine$file"
    done
    in_machine -- "
        cd $examples
        $(guide_commands 'Setting it up' 1 | sed '/^own=/,$d')"
    in_machine --net -- "
        # What is left of processes that have ended with their namespaces.
        rm -rf /run/stand-in /run/nginx.pid /run/holdfast/* /var/lib/postgresql/server*
        cp plain.env /etc/holdfast/holdfast.env
        mkdir -p /etc/systemd/system
        cat >/root/member <<'END'
set -euo pipefail
for place in /etc/default /etc/patroni /etc/systemd/system /run/postgresql /var/lib/etcd /var/lib/postgresql; do
    mkdir -p \$place /root/member\$1\$place
    cp -a \$place/. /root/member\$1\$place/
    chown --reference=\$place /root/member\$1\$place
    mount --bind /root/member\$1\$place \$place
done
cd $examples
number=\$1
$(guide_commands 'Setting it up' 1 | sed '1,/pip install/d')
END
        for number in 1 2 3; do unshare --mount --propagation unchanged bash -x /root/member \$number; done
        for second in \$(seq 120); do
            /opt/patroni/bin/patronictl -c /root/member1/etc/patroni/patroni.yml list >/root/members 2>&1 || true
            if grep -q 'Leader *| running' members && grep -q 'Sync Standby *| streaming' members &&
                grep -q 'Replica *| streaming' members; then break; fi
            sleep 1
        done
        cat members
        tail -n 5 /var/log/patroni.log
        (umask 077 && printf '*:*:*:%s\n' postgres:change-this-1 holdfast:secret >.pgpass)
        (
            $(guide_commands 'Setting it up' 2 | sed "s/'…'/'secret'/")
            PGUSER=postgres PGDATABASE=holdfast psql -c \"INSERT INTO tickets (ticket_id) VALUES ('E8-001')\"
        )
        systemctl enable --now holdfast@1.service holdfast@2.service
        systemctl reload nginx
        $(guide_commands 'Setting it up' 3 | sed "s/'…'/'secret'/")
        $(hold_commands https://localhost E8-001)
        grep 'Sync Standby' members
        apt-get purge -y holdfast
        test ! -e /etc/holdfast/holdfast.env -a ! -e /usr/bin/holdfast
        PGUSER=postgres PGHOST=10.0.0.11,10.0.0.12,10.0.0.13 PGTARGETSESSIONATTRS=read-write psql -d holdfast -Atc 'SELECT count(*) FROM tickets_blocked' | grep -x 1"
    step_done
}
