# On a bench host: a sink that ends with the last of $1 messages; further words are the sink's own.
# Prints a line when it listens, and when it ended.
set -eu
count=$1
shift
timeout 240 smtp-sink -u nobody -M "$count" "$@" 127.0.0.1:2525 1000 &
for _ in $(seq 100); do
    ss -Hltn sport = :2525 | grep -q . && break
    sleep 0.05
done
echo ready
wait "$!"
date +%s.%N
