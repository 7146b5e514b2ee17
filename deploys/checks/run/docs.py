"""
Documents about the checks, generated from the code: `python -m deploys.checks.run.docs`.

A test compares each file with the code.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..core.finding import Check
from ..report import data
from .catalogue import CHECKS

_TITLES = {
    "run": "The run itself",
    "dns": "DNS: records on every authoritative server, and the answers of resolvers",
    "smtp": "SMTP: every address, for other servers and for accounts",
    "imap": "IMAP: the mailboxes of users",
    "host": "Host: state of each mail host",
    "bulk": "Bulk: the stream of mail to many recipients",
    "reputation": "Reputation: blocklists, routes and registrations",
    "reports": "Reports: what other mail servers report to our hosts",
    "delivery": "Delivery: the test messages",
}
_HEAD = """# The checks

Every check of `deploys/verify.py`, by its id.
This page is generated from the code by `python -m deploys.checks.run.docs`.
A check without an answer is *unknown*, with the reason; it is never *ok*.
[verify.md](verify.md) explains how to select checks, how to waive one, and how to read the report.
"""


def catalogue() -> str:
    """Return the page about every check, in Markdown."""
    families = (_family(name, title) for name, title in _TITLES.items())
    return "\n".join((_HEAD, *families))


def _family(name: str, title: str) -> str:
    # The catalogue has a check after those that have to pass first.
    pages = (_page(one) for id_, one in CHECKS.items() if id_.startswith(f"{name}."))
    return "\n".join((f"## {title}\n", *pages))


def _page(check: Check) -> str:
    return (
        f"### {check.id}\n\n"
        f"{check.question} "
        f"(of each {check.about}; {check.source})\n\n"
        f"- **Worst severity:** {check.worst}\n"
        f"- **Why it matters:** {check.why}\n"
        f"- **To fix it:** {check.remedy}\n"
    )


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "checks.md": catalogue,
    "report.schema.json": data.schema,
}

if __name__ == "__main__":
    for name, document in DOCUMENTS.items():
        Path("docs", name).write_text(document(), encoding="utf-8")
