# On the bench lab's resolver: counters that can be asked for. The configuration itself is read-only.
set -eu
configuration=/run/unbound.bench.conf
if ! test -e $configuration; then
    cat >$configuration <<END
include: /etc/unbound/unbound.conf
remote-control:
    control-enable: yes
    control-interface: /run/unbound.ctl
    control-use-cert: no
END
    mkdir -p /run/systemd/system/unbound.service.d
    cat >/run/systemd/system/unbound.service.d/bench.conf <<END
[Service]
ExecStart=
ExecStart=/usr/sbin/unbound -d -p -c $configuration
END
    systemctl daemon-reload
    systemctl restart unbound
fi
