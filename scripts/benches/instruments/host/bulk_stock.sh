# On a bench host: the distribution's own Postfix, with its one transport for all mail.
# $1 host name, $2 network that it takes mail from, $3 most connections to a domain
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
test ! -e /var/lib/pyinfra-mail || {
    echo "error: this host is the distribution's no more; remove the bench lab and run again" >&2
    exit 1
}
echo "postfix postfix/main_mailer_type select Internet Site" | debconf-set-selections
echo "postfix postfix/mailname string $1" | debconf-set-selections
apt-get -qq update
apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io install \
    postfix >/dev/null
postconf -e "mynetworks = 127.0.0.0/8 $2" "default_destination_concurrency_limit = $3" \
    "smtp_connection_cache_on_demand = no"
systemctl --quiet restart postfix.service
for _ in $(seq 100); do
    ss -Hltn sport = :25 | grep -q . && exit
    sleep 0.1
done
echo "error: Postfix does not listen" >&2
exit 1
