# On the name server's host of the bench lab: receivers.py, at addresses of its own.
# $1 and $2 are where it tells its counts; the rest are NAME=ADDRESS=PORT=SECONDS.
set -eu
systemctl --quiet stop bench-receivers.service 2>/dev/null || true
systemctl --quiet reset-failed bench-receivers.service 2>/dev/null || true
for word; do
    case "$word" in
    *=*)
        address=${word#*=}
        ip address replace "${address%%=*}/24" dev eth0
        ;;
    esac
done
systemd-run --quiet --unit=bench-receivers --property=RuntimeMaxSec=6h --property=LimitNOFILE=4096 \
    python3 /run/bench-receivers.py "$@"
for _ in $(seq 100); do
    ss -Hltn "sport = :$2" | grep -q . && exit
    sleep 0.1
done
journalctl -q -o cat -n 5 -u bench-receivers.service >&2
echo "error: the receivers do not listen" >&2
exit 1
