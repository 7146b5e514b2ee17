# On a bench host: what a contender has to have brought about, the same for each of them.
cd /etc/postfix
sha256sum main.cf master.cf aliases virtual
stat -c "%a %U:%G %n" main.cf master.cf aliases virtual /etc/ssl/private/pyinfra-mail/*
postmap -s lmdb:virtual | sort
postalias -s lmdb:aliases | grep -v -e ^@ -e ^YP_ | sort
systemctl is-enabled postfix.service
# No further: the others have no rspamd, without which Postfix takes no mail.
python3 -c 'import smtplib
smtp = smtplib.SMTP("127.0.0.1", timeout=10)
print(smtp.ehlo()[1].decode())' 2>&1
