# Reads the queue of Postfix for messages to any of these recipients: queue.sh RECIPIENT...
# Prints "queue JSON" for each of the last ones; begin and end give this host's clock.
PATH=$PATH:/usr/sbin
echo "begin $(date +%s.%N)"
recipients=$(printf '"%s"\n' "$@")
postqueue -j 2>/dev/null | grep -F "$recipients" | tail -n 100 | cut -c 1-4000 | sed 's/^/queue /'
echo "end $(date +%s.%N)"
