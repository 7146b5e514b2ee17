# On a bench host: how many messages are in the mailbox of user $1, or of address $2 in Dovecot.
set -eu
if systemctl --quiet is-active dovecot.service; then
    doveadm -f flow mailbox status -u "$2" messages INBOX | sed "s/.*messages=//"
else
    find "/home/$1/Maildir/new" -type f 2>/dev/null | wc -l
fi
