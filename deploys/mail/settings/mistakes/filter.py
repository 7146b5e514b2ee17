"""Mistakes in `mail_filter`: scores in the wrong order, and no mailboxes to learn from."""

from collections.abc import Iterator

from ..model import MailSettings


def filter_mistakes(host: MailSettings) -> Iterator[str]:
    """Yield the mistakes in how a host judges mail."""
    found = host.judgement
    if not found:
        return
    where = f"{host.inventory_name}: mail_filter"
    if found.junk >= found.reject:
        yield (
            f"{where}: with junk {found.junk:g} and reject {found.reject:g} no mail gets into "
            "Junk; write a junk that is less than reject"
        )
    if found.greylist and found.greylist >= found.junk:
        yield (
            f"{where}: with greylist {found.greylist:g} and junk {found.junk:g} no mail comes "
            "again; write a greylist that is less than junk"
        )
    if found.bayes and not host.mailboxes:
        yield (
            f"{where}: bayes learns from mailboxes, and this host has none; write "
            '"bayes": False for it, or give it mail_mailboxes'
        )
