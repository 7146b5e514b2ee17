# On a bench host: $1 messages from $2 to $3 through port 25; prints when the first was begun.
set -eu
date +%s.%N
timeout 240 smtp-source -s 20 -m "$1" -l 5120 -f "$2" -t "$3" 127.0.0.1:25
