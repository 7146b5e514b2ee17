# On a bench host: what every contender finds, installed but neither configured nor started.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# python3-apt is what Ansible's apt module works with.
if ! test -d /var/lib/bench-postfix; then
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    systemctl --quiet mask --runtime postfix.service postfix@.service
    apt-get -qq update
    apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io install \
        postfix postfix-lmdb openssl iproute2 python3-apt python3-cryptography >/dev/null
    systemctl --quiet unmask --runtime postfix.service postfix@.service
    cp -a /etc/postfix /var/lib/bench-postfix
fi
