"""
Next hops of all mail: without an address of such a server every message stays in the queue.

Postfix's own client looks them up, with MX records or without, as it will for mail. A server that
does not answer now may do so later, and is no reason to refuse.
"""

import re

from ...model.desired import Service
from ..system.shell import Refused, run
from .stage import staged

SECONDS = "1"  # for a connection and for the greeting, of which nothing is needed
ABSENT = re.compile(
    r"Name service error for name=\S+ type=\S+: Host not found$|"
    r"Name service error .*Host found but no data record of requested type$|"
    r"does not accept mail \(nullMX\)$",
    re.MULTILINE,
)


def require_next_hops(service: Service) -> None:
    """Refuse a next hop that the host's resolver says does not exist."""
    new_set = {"MAIL_CONFIG": str(staged(service.query.directories[0]))}  # a new host has no other
    for parameter, hop in service.next_hops.items():
        done = run("posttls-finger", "-c", "-t", SECONDS, "-T", SECONDS, hop, extra=new_set)
        if found := ABSENT.search(done.stdout + done.stderr):
            why = found.group()
            raise Refused(
                "validate",
                f"{parameter} is {hop}, which does not exist ({why}); name a server that does",
            )
