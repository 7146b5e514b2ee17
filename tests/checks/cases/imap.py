"""Mailboxes of a host, at a server of IMAP on this machine."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from deploys.checks.clients.endpoint import HomeMailbox
from deploys.checks.core.finding import Finding
from deploys.checks.imap.login import opened
from tests.checks.cases.pair import Case, Pair
from tests.checks.cases.smtp_sessions import password_in
from tests.checks.test_imap_mailbox import IMAP, serving
from tests.checks.worlds import world


def mailbox(login: str) -> Case:
    """Open the mailbox of a login; the server knows `someone`."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(folder) as server:
            known = HomeMailbox(
                address=f"{login}@harbor.example",
                imap=IMAP,
                login=login,
                password=password_in(folder),
                port=server.server_address[1],
                inventory_name="mx1",
                at=("127.0.0.1",),
            )
            return list(opened(known, replace(world(folder), timeout=5)))

    return case


CASES: Mapping[str, Pair] = {
    "imap.login": Pair(
        mailbox("someone"),
        mailbox("anna"),
        "test_mailboxes.test_mail_waits_while_dovecot_is_away_and_arrives",
    ),
}
