# On a bench host: keep the configuration of all services as a set with the name $1.
set -eu
mkdir -p /var/lib/bench-inbound
cd /
tar -cf "/var/lib/bench-inbound/$1.tar" $(ls -d etc/postfix etc/rspamd etc/dovecot etc/redis \
    etc/systemd/system/*.service.d 2>/dev/null)
