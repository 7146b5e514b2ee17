# On a bench host: the distribution's own Postfix with a Maildir, and rspamd as it comes.
# $1 host name, $2 domain that it takes mail for, $3 user who gets it
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
if test -e /var/lib/bench-inbound/judged.tar; then
    # An earlier run has left one of the sets here, and ours is deployed where ours is.
    rm -rf /etc/postfix /etc/rspamd /etc/dovecot /etc/redis /etc/systemd/system/*.service.d
    tar -C / -xf /var/lib/bench-inbound/judged.tar
    systemctl daemon-reload
    exit
fi
test ! -e /var/lib/pyinfra-mail || {
    echo "error: this host is the distribution's no more; remove the bench lab and run again" >&2
    exit 1
}
echo "postfix postfix/main_mailer_type select Internet Site" | debconf-set-selections
echo "postfix postfix/mailname string $1" | debconf-set-selections
apt-get -qq update
apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io install \
    postfix rspamd >/dev/null
id -u "$3" >/dev/null 2>&1 || useradd --create-home "$3"
postconf -e "mydestination = \$myhostname, $2, localhost" "home_mailbox = Maildir/" \
    "mailbox_command ="
mkdir -p /var/lib/bench-inbound
tar -C / -cf /var/lib/bench-inbound/stock.tar etc/postfix etc/rspamd
cp /var/lib/bench-inbound/stock.tar /var/lib/bench-inbound/stock_rspamd.tar
