# On a bench host: the distribution's own Postfix, alone and with OpenDKIM; each kept as a set.
# $1 host name, $2 domain that mail is from, $3 where everything goes that is not local
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
test ! -e /var/lib/bench/stock_opendkim.tar || exit 0
test ! -e /var/lib/pyinfra-mail || {
    echo "error: this host is the distribution's no more; remove the bench lab and run again" >&2
    exit 1
}

echo "postfix postfix/main_mailer_type select Internet Site" | debconf-set-selections
echo "postfix postfix/mailname string $1" | debconf-set-selections
apt-get -qq update
apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io install \
    postfix opendkim opendkim-tools >/dev/null
mkdir -p /var/lib/bench
postconf -e "relayhost = $3"
tar -C / -cf /var/lib/bench/stock.tar etc/postfix

# README.opendkim, steps 2, 5 and 7; the socket is the one that it and opendkim.conf name.
opendkim-genkey -b 2048 -d "$2" -s bench -D /etc/dkimkeys
chown opendkim /etc/dkimkeys/bench.private
sed -i "s/^Socket\b.*/Socket inet:8891@localhost/" /etc/opendkim.conf
printf "Domain %s\nSelector bench\nKeyFile /etc/dkimkeys/bench.private\n" "$2" >>/etc/opendkim.conf
postconf -e "smtpd_milters = inet:localhost:8891" "non_smtpd_milters = inet:localhost:8891"
tar -C / -cf /var/lib/bench/stock_opendkim.tar etc/postfix
