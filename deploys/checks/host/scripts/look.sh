# Looks at a mail host and changes nothing: "look.sh PORT UNITS [ADDRESS...]".
# Each line of output begins with the name of its section; begin and end give this host's clock.
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
say() { sed "s|^|$1 |"; }
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
find /var/spool/postfix/corrupt -type f 2>/dev/null | head -n 100 | say corrupt
for place in /var/spool/postfix /var/mail /var/log; do
    df -Pk "$place" 2>/dev/null | tail -n 1 | say blocks
    df -Pi "$place" 2>/dev/null | tail -n 1 | say inodes
done
timedatectl show -p NTPSynchronized --value 2>/dev/null | say synchronized
systemd-detect-virt -c 2>/dev/null | say container
postconf -x myhostname message_size_limit mynetworks virtual_alias_domains smtpd_milters \
    smtpd_relay_restrictions smtpd_tls_chain_files smtpd_client_auth_rate_limit \
    smtpd_tls_auth_only 2>/dev/null | say postconf
for file in /etc/ssl/private/pyinfra-mail/*.pem; do
    test -e "$file" || continue
    stat -c '%a %U %Y %n' "$file" | say secret
    echo "certificate $(sed -n '/BEGIN CERT/,/END CERT/p' "$file" | base64 | tr -d '\n') $file"
done
for file in /var/lib/pyinfra-mail/dkim/*.key; do
    test -e "$file" && stat -c '%a %U %Y %n' "$file" | say secret
done
python3 - 2>&1 <<'PYTHON' | say deployed
# A deploy leaves the paths that are its own, and the digest of what each service has loaded.
import hashlib, json
from pathlib import Path

def digest(path):
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""

for file in sorted(Path("/var/lib/pyinfra-mail").glob("*.json")):
    record = json.loads(file.read_text())
    paths = [path for path in record["owned"] if path.startswith("/")]
    texts = {path: Path(path).read_text() for path in paths if Path(path).exists()}
    stamp = Path("/run/pyinfra-mail", file.name)
    name = file.stem
    for table, (source, built) in record["tables"].items():
        if (digest(table), digest(table + ".lmdb")) != (source, built):
            print(name, "table", table)
    for path in sorted(set(paths) - set(texts)):
        print(name, "missing", path)
    if not stamp.exists():
        print(name, "unnoted")
        continue
    now = hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()
    if now == json.loads(stamp.read_text())["digest"]:
        print(name, "same")
    else:
        since = stamp.stat().st_mtime
        newer = [path for path in texts if Path(path).stat().st_ctime > since]
        print(name, "changed", " ".join(newer))
PYTHON
echo "end $(date +%s.%N)"
