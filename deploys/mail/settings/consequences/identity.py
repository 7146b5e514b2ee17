"""Names of the host and of its users: without records of ours, other servers refuse them."""

from collections.abc import Iterator

from ...postfix import items
from ..model import MailSettings
from .consequence import Choice, Consequence, main_key, value


def names(host: MailSettings) -> Iterator[Consequence]:
    """Yield names by which the host or its users appear, and for which it has no records."""
    known = {host.hostname, *host.author_domains}
    origin = value(host, "myorigin").lower()
    parameter = "myorigin" if "myorigin" in host.postfix_main else "mydomain"
    if not origin.startswith("/") and "$" not in origin and origin not in known:
        yield Consequence(
            main_key(host, parameter),
            f"send mail of its users from {origin}",
            "name a domain of mail_domains, or mail_hostname",
            "which is no domain of this host",
        )
    name = value(host, "myhostname").lower()
    if name != host.hostname:
        yield Consequence(
            main_key(host, "myhostname"),
            f"call itself {name}",
            "write the name in mail_hostname",
            f"and the records are those of {host.hostname}",
        )


def local_names(host: MailSettings) -> Iterator[Consequence]:
    """Yield a list of local names without the host's own, to which every recipient leads."""
    local = value(host, "mydestination").lower()
    tables = any(mark in local for mark in (":", "/", "$"))
    if host.domains and host.hostname not in items(local) and not tables:
        key, words = main_key(host, "mydestination"), "deliver no mail to its users"
        why = f"because recipients lead to users at {host.hostname}"
        yield Consequence(key, words, "add $myhostname to the list", why, Choice.NEVER)


def known_recipients(host: MailSettings) -> Iterator[Consequence]:
    """Yield what makes the host accept every recipient, and send bounces to forged senders."""
    skipped = "no_unknown_recipient_checks" in items(value(host, "receive_override_options"))
    unlisted = not value(host, "local_recipient_maps")
    if skipped or unlisted:
        parameter = "local_recipient_maps" if unlisted else "receive_override_options"
        words, why = "accept unknown recipients", "and send bounces to forged senders"
        yield Consequence(main_key(host, parameter), words, "remove it", why)
    if value(host, "smtpd_forbid_bare_newline").lower() in ("no", "note"):
        words = "accept smuggled messages"
        key = main_key(host, "smtpd_forbid_bare_newline")
        yield Consequence(key, words, "write normalize or reject", "as in CVE-2023-51764")
