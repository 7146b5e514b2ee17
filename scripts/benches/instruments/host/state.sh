# On a bench host: what a contender has to have brought about, the same for each of them.
cd /etc/postfix
sha256sum main.cf master.cf bounce.cf openssl.cnf aliases virtual
stat -c "%a %U:%G %n" main.cf master.cf bounce.cf openssl.cnf aliases virtual
stat -c "%a %U:%G %n" /etc/ssl/private/pyinfra-mail/*.pem
postmap -s lmdb:virtual | sort
postalias -s lmdb:aliases | grep -v -e ^@ -e ^YP_ | sort
systemctl is-enabled postfix.service
# No further: the others have no rspamd, without which Postfix takes no mail.
ss -Hltn sport = :25 | awk '{ print $1, $4 }' | sort
