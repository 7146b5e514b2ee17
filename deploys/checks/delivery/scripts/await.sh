# Waits for messages in a mailbox: await.sh MILLISECONDS MAILBOX RUN NUMBER...
# Prints "arrived ID TIME" when it first sees the last line of a message, or the end of its notification (DSN); then the messages as base64 ("mail ...").
# Only the last 4 MiB of the mailbox are read: new messages are at its end.
export LC_ALL=C # mail is bytes
patience=$1 mailbox=$2 run=$3
shift 3
if test -e "$mailbox" && ! test -r "$mailbox"; then
    echo "the mailbox $mailbox cannot be read by $(id -un)" >&2
    exit 1
fi
recent() { test ! -e "$mailbox" || tail -c 4194304 "$mailbox"; }
ended() {
    recent | awk -v last="end of test message $run-" -v notice="original-envelope-id: $run-" '
        /^From / { number = "" }
        index($0, last) == 1 { print substr($0, length(last) + 1) }
        index(tolower($0), notice) == 1 { number = substr($0, length(notice) + 1) }
        number != "" && /^--.*--$/ { print number; number = "" }
    ' | grep -x '[0-9]*'
}
echo "begin $(date +%s.%N)"
now() { echo $(($(date +%s%N) / 1000000)); }
deadline=$(($(now) + patience))
pending=" $* "
while :; do
    for number in $(ended); do
        case $pending in
        *" $number "*)
            echo "arrived $run-$number $(date +%s.%N)"
            pending=${pending%%" $number "*}" "${pending#*" $number "}
            ;;
        esac
    done
    test -n "${pending## }" && test "$(now)" -lt "$deadline" || break
    sleep 0.1
done
recent | awk -v header="X-Pyinfra-Mail-Test: $run-" '
    function flush() { if (ours) printf "%s", text; text = ""; ours = 0 }
    /^From / { flush() }
    { text = text $0 "\n"; if (index($0, header) == 1) ours = 1 }
    END { flush() }
' | base64 | sed 's/^/mail /'
echo "end $(date +%s.%N)"
