# Reads the log of Postfix for deliveries from its queue: log.sh SECONDS QUEUE_ID...
# Prints "log LINE" for each delivery of the last SECONDS; begin and end give this host's clock.
# A log is written a moment after the mailbox, so it is read up to five times within a second.
export LC_ALL=C
since=$1
shift
pattern=$(IFS='|' && echo "$*")
# Only programs that deliver: a busy smtpd(8) logs many times as much.
programs=$(printf ' SYSLOG_IDENTIFIER=postfix/%s' smtp lmtp local virtual pipe)
logged() {
    {
        journalctl -q --no-pager -o cat --since "-${since}s" $programs
        tail -q -c 4194304 /var/log/mail.log /var/log/maillog
    } 2>/dev/null
}
echo "begin $(date +%s.%N)"
for _ in 1 2 3 4 5; do
    lines=$(logged | grep -E "(^|[ :])($pattern): to=<" | tail -n 1000)
    found=$(printf '%s\n' "$lines" | grep -Eo "($pattern): to=<" | sort -u | wc -l)
    test "$found" -lt $# || break
    logged | grep -q . || break
    sleep 0.2
done
printf '%s\n' "$lines" | grep . | cut -c 1-1000 | sed 's/^/log /'
echo "end $(date +%s.%N)"
