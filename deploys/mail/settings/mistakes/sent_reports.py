"""Mistakes in the sender of reports to others: it must be signed for, and get its bounces."""

from collections.abc import Iterator

from ... import postfix
from ..model import MailSettings

KEY = "mail_report_sender"
LOOPBACK = ("all", "loopback-only", "127.0.0.1", "localhost")


def sent_report_mistakes(host: MailSettings) -> Iterator[str]:
    """Yield the mistakes in the sender of the reports that a host sends."""
    if not host.send_reports:
        return
    sender, where = host.report_from, f"{host.inventory_name}: {KEY}"
    domain = sender.rpartition("@")[2]
    heard = host.postfix_expanded(host.postfix_value("inet_interfaces"))
    if not {*LOOPBACK} & {*postfix.items(heard)}:
        yield (
            f"{host.inventory_name}: mail_send_reports hands reports over at 127.0.0.1, and "
            f"inet_interfaces in mail_postfix_main is {heard!r}; add 127.0.0.1, or write 'all'"
        )
    if not sender:
        example = next(iter(host.sending_domains), "example.org")
        yield f"{where} is missing, and mail_domains is empty; write one like 'dmarc@{example}'"
    elif domain not in host.author_domains:
        yield (
            f"{where}: {domain} is not in mail_domains or mail_sending_domains, so reports of "
            f"{sender} would not be signed; write an address in one of them"
        )
    elif domain in host.domains and sender.lower() not in host.every_recipient.targets:
        yield (
            f"{where}: {sender} is no recipient, and gets the bounces of reports; add it to "
            f"mail_aliases, or write postmaster@{domain}"
        )
