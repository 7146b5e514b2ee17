# On a bench host: keep what the deploy has made as a set, and the same without a signer.
set -eu
cd /
tar -cf /var/lib/bench/signed.tar etc/postfix $(ls -d etc/systemd/system/postfix*.d 2>/dev/null)
postconf -e "smtpd_milters =" "non_smtpd_milters ="
tar -cf /var/lib/bench/unsigned.tar etc/postfix $(ls -d etc/systemd/system/postfix*.d 2>/dev/null)
