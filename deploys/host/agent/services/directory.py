"""
Tables of a directory, asked before the switch: without its answers no mail would be accepted.

Postfix's own client asks, from the staged set in the place of the live one. The preflight has no
network, so this comes before it.
"""

from ....mail.directory_answers import fix, reason
from ...model.desired import Service
from ..system.shell import Refused, run
from .stage import staged

NO_ENTRY = 1  # of postmap(1), which then says nothing
ASK = 'mount --bind "$1" "$2" && exec timeout 20 postmap -q "$3" "pgsql:$4"'


def require_answers(service: Service) -> None:
    """Refuse a directory that does not answer for each of its tables."""
    directory = service.query.directories[0]
    for table, key in service.directory.items():
        words = (str(staged(directory)), directory, key, table)
        done = run("unshare", "--mount", "sh", "-c", ASK, "sh", *words)
        if done.returncode > NO_ENTRY or done.stderr.strip():
            said = reason(done.stderr) or "no answer in 20 s"
            raise Refused("validate", f"mail_directory does not answer: {said}; {fix(said)}")
