# On a bench host: run one of the sets, with an empty queue and an empty mailbox.
# $1 set, $2 milter if the set does not name it, $3 user with a Maildir, the rest the units besides Postfix
set -eu
name=$1
milter=$2
user=$3
shift 3
systemctl --quiet stop postfix.service "postfix@*.service"
for unit in dovecot rspamd redis-server@rspamd fail2ban postfix-mta-sts-resolver unbound; do
    systemctl --quiet stop "$unit.service" 2>/dev/null || true
done
postsuper -d ALL 2>/dev/null
rm -rf "/home/$user/Maildir" /var/vmail/*
rm -rf /etc/postfix /etc/rspamd /etc/dovecot /etc/redis /etc/systemd/system/*.service.d
tar -C / -xf "/var/lib/bench-inbound/$name.tar"
test -z "$milter" || postconf -e "smtpd_milters = $milter"
systemctl daemon-reload
test $# = 0 || systemctl --quiet start "$@"
systemctl --quiet start postfix.service
for _ in $(seq 300); do
    ss -Hltn sport = :25 | grep -q . && { test -z "$milter" || ss -Hltn sport = ":${milter##*:}" | grep -q .; } && exit
    sleep 0.1
done
echo "error: $name does not listen" >&2
exit 1
