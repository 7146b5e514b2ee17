# On a bench host: what any change leaves behind; the same before and after a run that changes nothing.
stat -c "%n %z" /etc/postfix /etc/postfix/* /etc/ssl/private/pyinfra-mail/*
journalctl -q -o cat -t postfix/master | grep -c -e reload -e started
