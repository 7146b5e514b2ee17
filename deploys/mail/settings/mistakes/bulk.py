"""Mistakes in `mail_bulk`: names with another use, mail on another way, a short secret."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from ...errors import MailError
from ...postfix import BULK_ACCOUNTS
from ...postfix_services import SUBMISSION, options
from ..bulk import Bulk
from ..model import MailSettings
from ..secret import Secret, reason_of

IPV4 = 4
SHORTEST_SECRET = 32  # characters
URLS = ("postgresql://", "postgres://")
CHECKS = "milter_header_checks"
RECIPIENT = "smtpd_recipient_restrictions"


def bulk_mistakes(host: MailSettings) -> Iterator[str]:
    """Yield the mistakes in the bulk stream of a host."""
    if not host.bulk:
        return
    where = f"{host.inventory_name}: mail_bulk"
    unknown = [one for one in host.bulk.accounts if one not in host.accounts]
    yield from (
        f"{where}.accounts: {login} is not in mail_accounts; add it there, or correct it"
        for login in unknown
    )
    yield from _header(host, host.bulk)
    yield from (f"{where}.bounces: {one}" for one in _bounces(host, host.bulk.bounces))
    for address in sorted({*host.bulk.addresses} & {*host.addresses}, key=str):
        yield (
            f"{where}.addresses: {address} is in mail_addresses too, by which ordinary mail "
            "leaves; remove it from one of them"
        )
    if host.bulk.addresses and all(one.version > IPV4 for one in host.bulk.addresses):
        yield f"{where}.addresses has no IPv4 address, and most servers have no other; add one"
    if not unknown:
        yield from _relays(host, host.bulk.bounces)
    yield from _other_ways(host)


def _header(host: MailSettings, bulk: Bulk) -> Iterator[str]:
    """Yield the mistakes in how mail of the stream is chosen."""
    where = f"{host.inventory_name}: mail_bulk"
    if not bulk.accounts and not bulk.header:
        yield f"{where} has neither accounts nor header, so no mail is bulk mail; write one of them"
    if bulk.header and not host.accounts:
        yield f"{where}.header chooses mail of accounts, and mail_accounts is empty; add one"
    if bulk.header and CHECKS in host.postfix_main:
        yield (
            f"{where}.header needs {CHECKS}, which mail_postfix_main replaces, so its mail would "
            "leave unsigned; remove it there"
        )


def _relays(host: MailSettings, bounces: str) -> Iterator[str]:
    """Yield the mistake of relays by sender that bulk mail, with senders of its own, would miss."""
    table, senders = host.relays.table, {one.partition("@")[2] for one in host.bulk_senders}
    lost = [f"@{domain}" for domain in sorted(senders) if table.get(f"@{domain}")]
    if lost and f"@{bounces}" not in table:
        yield (
            f"{host.inventory_name}: mail_relay has {lost[0]!r}, and the sender of bulk mail is an "
            f"address of {bounces}; write the relay of '@{bounces}' too, or None"
        )


def _bounces(host: MailSettings, bounces: str) -> Iterator[str]:
    """Yield what is wrong with the domain of bounces, which nothing else may use."""
    if bounces in (*host.author_domains, *host.silent_domains, host.hostname, host.bulk_name):
        yield (
            f"{bounces} has another use, and every mail to it is a bounce; write a name of its "
            f"own, like 'bounces.{bounces}'"
        )
    elif not any(bounces.endswith(f".{domain}") for domain in host.author_domains):
        near = f"bounces.{next(iter(host.author_domains), 'example.org')}"
        yield (
            f"{bounces} is not below a domain of mail_domains or mail_sending_domains, so SPF "
            f"would not align (RFC 7489 section 3.1.2); write a name like '{near}'"
        )


def _other_ways(host: MailSettings) -> Iterator[str]:
    """Yield the own settings of Postfix with which bulk mail would take another way, or none."""
    for service in ("submissions/inet", "submission/inet"):
        fields = host.postfix_services.get(service) or ""
        own = options(fields).get(RECIPIENT, options(SUBMISSION[service])[RECIPIENT])
        if fields and BULK_ACCOUNTS not in host.postfix_expanded(own):
            yield (
                f"{host.inventory_name}: mail_bulk has no effect at {service}, where own settings "
                f"of Postfix replace {RECIPIENT}; begin them with {BULK_ACCOUNTS!r}"
            )
    if not host.main_address:
        heard = host.postfix_value("inet_interfaces")
        yield (
            f"{host.inventory_name}: mail_bulk brings mail for the host to an IPv4 address of it, "
            f"and inet_interfaces in mail_postfix_main is {heard!r}; add one, or write 'all'"
        )


def stream_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes of hosts whose bounces go to one domain, and that differ in its secret."""
    streams = [(host, host.bulk) for host in hosts if host.bulk]
    for (first, one), (second, other) in combinations(streams, 2):
        if one.bounces == other.bounces and one.database != other.database:
            yield (
                f"{second.inventory_name}: mail_bulk.database is not that of "
                f"{first.inventory_name}, and both get the bounces of {one.bounces}; write the "
                "same reference for both"
            )
        if one.bounces == other.bounces and one.secret != other.secret:
            yield (
                f"{second.inventory_name}: mail_bulk.secret is not that of {first.inventory_name}, "
                f"and both get the bounces of {one.bounces}; write the same reference for both"
            )


def secret_mistakes(bulk: Bulk | None) -> Iterator[str]:
    """Yield the mistakes in the secrets of a stream, whose references are read."""
    if not bulk:
        return
    if bulk.database and not reason_of(bulk.database):
        yield from _no_url(bulk.database)
    try:
        length = len(bulk.secret.resolve())
    except MailError as error:
        yield f"mail_bulk.secret: {error}"
    else:
        if length < SHORTEST_SECRET:
            yield (
                f"mail_bulk.secret: the secret {bulk.secret.where} has {length} characters, and "
                f"at least {SHORTEST_SECRET} are needed; write one from 'openssl rand -hex 32'"
            )


def _no_url(database: Secret) -> Iterator[str]:
    if not database.resolve().startswith(URLS):
        yield (
            f"mail_bulk.database: the secret {database.where} is not the URL of a PostgreSQL "
            "database; write one like 'postgresql://bulk:PASSWORD@db.example.org/bulk'"
        )
