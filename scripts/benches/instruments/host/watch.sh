# On a bench host: note when a new configuration becomes live, and when that is certain or undone.
# $1 is what the guard's table says from then on; it was empty in the preflight.
set -eu
systemctl --quiet stop bench-watch.service 2>/dev/null || true
mkdir -p /var/lib/bench
cd /var/lib/bench
rm -f watched
: >guard.cidr
mark=/run/pyinfra-mail/postfix.switching
systemd-run --quiet --unit=bench-watch --property=RuntimeMaxSec=200 \
    --working-directory=/var/lib/bench sh -c "
    until test -e $mark; do sleep 0.01; done
    date +%s.%N >watching
    echo '$1' >guard.cidr
    while test -e $mark; do sleep 0.01; done
    date +%s.%N >>watching
    mv watching watched"
