# On a bench host: one message through port 25, $1 from, $2 to; prints how many signatures it bears.
set -eu
directory=$(mktemp -d)
chmod 777 "$directory"
trap 'rm -r "$directory"' EXIT
timeout 60 smtp-sink -u nobody -M 1 -D "$directory/message" 127.0.0.1:2525 100 &
for _ in $(seq 50); do
    smtp-source -f "$1" -t "$2" 127.0.0.1:25 2>/dev/null && break
    sleep 0.2
done
wait $!
grep -c "^DKIM-Signature:" "$directory/message" || true
