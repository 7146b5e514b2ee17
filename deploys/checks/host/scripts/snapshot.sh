# Collects the state of a mail host and changes nothing: "snapshot.sh PORT UNITS [ADDRESS...]".
# The environment has paths, parameters of main.cf, and the program that compares files. Each line of output begins
# with the name of its section; begin and end give this host's clock.
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
say() { sed "s|^|$1 |"; }
since() { echo $(( ($(date +%s%N) - $1) / 1000000 )); }
port=$1 units=$2
shift 2
echo "begin $(date +%s.%N)"
for address; do
    {
        said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && IFS= read -r -n 200 line <&3 &&
            printf %s "reached $line"' "$address" "$port" 2>&1 | tr -d '\r' | sed '1!d; s/^[^ ]*: connect: //')
        echo "port25 $address ${said:-no answer within 5 s}"
    } &
done
wait
systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts $units 2>&1 | say unit
systemctl list-units --failed --no-legend --plain 2>&1 | say failed
apt-get -s -o Debug::NoLocking=1 dist-upgrade 2>/dev/null </dev/null | grep '^Inst ' | say update
ls /var/lib/apt/lists 2>/dev/null | grep 'Release$' | say list
stat -c %Y /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp 2>/dev/null | say listed
test -e /run/reboot-required && echo "reboot required"
{ postqueue -j 2>/dev/null || echo failed; } | head -n 5000 | say queue
test -d "$BULK" && { postqueue -c "$BULK" -j 2>/dev/null || echo failed; } | head -n 5000 | say bulkqueue
test -e "$BULK_ACCOUNTS.lmdb" && postmap -s "lmdb:$BULK_ACCOUNTS" 2>/dev/null | say bulkaccount
test -d "$BULK" && python3 -c "$RESULTS" 2>&1 | say results
test -n "$WARMUP" && echo '{"verb": "list"}' | sh -c "$WARMUP" 2>&1 | tail -n 1 | say warmup
find "$QUEUE/corrupt" -type f 2>/dev/null | head -n 100 | say corrupt
journalctl -q --no-pager -o cat --since=-1d SYSLOG_IDENTIFIER=postfix/cleanup 2>/dev/null |
    sed -n 's/.*milter-reject: .* 4\.7\.1 Rate limit exceeded: .* from=<\([^>]*\)>.*/\1/p' | sort | uniq -c | say limited
journalctl -q --no-pager -o cat --since=-2d -u pyinfra-mail-dmarc-reports.service 2>/dev/null |
    grep 'Reporting collection has finished' | tail -n 1 | say dmarcsent
test -d "$TLS_REPORTS" && python3 -c "$TLS_RESULTS" 2>&1 | grep . | say tlsresult
for place in "$QUEUE" "$MAILBOXES" "$VMAIL" /var/log; do
    df -Pk "$place" 2>/dev/null | tail -n 1 | say blocks
    df -Pi "$place" 2>/dev/null | tail -n 1 | say inodes
done
for asked in $DIRECTORY; do
    {
        began=$(date +%s%N)
        said=$(timeout 10 postmap -q "${asked#*=}" "pgsql:${asked%%=*}" 2>&1 </dev/null | tr '\n' ' ')
        test "$(since "$began")" -lt 10000 || said="no answer within 10 s"
        table=${asked%%=*}
        echo "directory ${table##*/} $(since "$began") $said"
    } &
done
if test -n "$DIRECTORY"; then
    began=$(date +%s%N)
    # 67: there is no such user.
    said=$(timeout 10 doveadm user "${DIRECTORY##*=}" 2>&1 >/dev/null </dev/null)
    test $? -eq 67 && said= || said=${said:-no answer within 10 s}
    echo "directory dovecot $(since "$began") $said" | tr '\n' ' '
    echo
    wait
elif test -d "$VMAIL"; then
    doveadm -f tab quota get -A 2>/dev/null | grep "	STORAGE	" | say quota
fi
timedatectl show -p NTPSynchronized --value 2>/dev/null | say synchronized
systemd-detect-virt -c 2>/dev/null | say container
postconf -x $PARAMETERS 2>/dev/null | say postconf
for file in "$CERTIFICATES"/*.pem; do
    test -e "$file" || continue
    stat -c '%a %U %Y %n' "$file" | say secret
    echo "certificate $(sed -n '/BEGIN CERT/,/END CERT/p' "$file" | base64 | tr -d '\n') $file"
done
for file in "$DKIM_KEYS"/*.key; do
    test -e "$file" && stat -c '%a %U %Y %n' "$file" | say secret
done
python3 -c "$DEPLOYED" 2>&1 | say deployed
echo "end $(date +%s.%N)"
