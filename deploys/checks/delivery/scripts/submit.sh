# Submits one message for each line of input: "ID SENDER RECIPIENT NOTIFY INSTANCE BASE64".
# NOTIFY is "-", "success" or "failure", INSTANCE "-" or the directory of another Postfix instance.
# Prints "sent ID TIME" or "refused ID TIME REASON" for each; begin and end give this host's clock.
PATH=$PATH:/usr/sbin:/usr/lib
echo "begin $(date +%s.%N)"
while read -r id sender recipient notify instance message; do
    at=$(date +%s.%N)
    set --
    test "$notify" = - || set -- -N "$notify" -R hdrs -V "$id"
    test "$instance" = - || set -- "$@" -C "$instance"
    if reason=$(printf %s "$message" | base64 -d | sendmail -i "$@" -f "$sender" -- "$recipient" 2>&1); then
        echo "sent $id $at"
    else
        echo "refused $id $at $(printf %s "$reason" | tr '\n' ' ')"
    fi
done
echo "end $(date +%s.%N)"
