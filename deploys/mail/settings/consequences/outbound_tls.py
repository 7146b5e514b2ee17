"""TLS and DNS of outgoing mail: levels that most servers cannot meet, or that protect nothing."""

from collections.abc import Iterator

from ..model import HostSettings, MailSettings, NullClient
from .consequence import Choice, Consequence, main_key, value

LEVEL, SUPPORT = "smtp_tls_security_level", "smtp_dns_support_level"
VERIFIED = ("secure", "verify")


def outbound_tls(host: MailSettings) -> Iterator[Consequence]:
    """Yield what follows from the TLS level of mail to everybody."""
    level, key = value(host, LEVEL), main_key(host, LEVEL)
    yield from _authorities(host)
    rule = "write it for single destinations, in mail_tls_outbound"
    if level in VERIFIED and not value(host, "relayhost"):
        words = "send only to servers with a verified certificate"
        yield Consequence(key, words, rule, "which most servers on the Internet have not")
    elif level == "dane-only":
        words = "send only to servers with DANE"
        yield Consequence(key, words, rule, "which most servers on the Internet have not")
    elif level == "none":
        yield Consequence(key, "send all mail without TLS", "remove it")
    elif level == "fingerprint" and not value(host, "smtp_tls_fingerprint_cert_match"):
        yield Consequence(
            key,
            "send to no server",
            "add smtp_tls_fingerprint_cert_match",
            "because no fingerprint is known",
            Choice.NEVER,
        )


def _authorities(host: HostSettings) -> Iterator[Consequence]:
    """Yield a level that verifies certificates, without the authorities that vouch for them."""
    files = value(host, "smtp_tls_CAfile") or value(host, "smtp_tls_CApath")
    if value(host, LEVEL) in VERIFIED and not files:
        parameter = "smtp_tls_CAfile" if "smtp_tls_CAfile" in host.postfix_main else LEVEL
        why = "because it could verify no certificate"
        fix = "name the file of authorities in smtp_tls_CAfile"
        yield Consequence(main_key(host, parameter), "send no mail", fix, why, Choice.NEVER)


def lookups(host: HostSettings) -> Iterator[Consequence]:
    """Yield what follows from DNS lookups that are switched off, or that DANE needs."""
    support, level = value(host, SUPPORT), value(host, LEVEL)
    off = "disable_dns_lookups" if value(host, "disable_dns_lookups") == "yes" else SUPPORT
    if support == "disabled" or off != SUPPORT:
        yield Consequence(
            main_key(host, off), "find no mail server", "remove it", "as it asks no DNS"
        )
    elif level.startswith("dane") and support != "dnssec":
        parameter = SUPPORT if SUPPORT in host.postfix_main else LEVEL
        yield Consequence(
            main_key(host, parameter),
            "send without DANE",
            f"write {SUPPORT} = dnssec, or {LEVEL} = may",
            f"because {level} needs {SUPPORT} = dnssec",
            Choice.NEVER,
        )


def relay_tls(host: NullClient) -> Iterator[Consequence]:
    """Yield what follows from the TLS level to the one server of a null client."""
    yield from _authorities(host)
    level = value(host, LEVEL)
    if level in ("may", "none", "", "encrypt"):
        words, fix = "send its password to any server", f"write {LEVEL} = secure"
        why = f"because {level or 'no level'} verifies none"
        choice = Choice.OPEN if level == "encrypt" else Choice.NEVER
        yield Consequence(main_key(host, LEVEL), words, fix, why, choice)
    port = value(host, "relayhost").rpartition("]")[2].removeprefix(":")
    wrapped = value(host, "smtp_tls_wrappermode") == "yes"
    if (wrapped, port) in ((True, "587"), (True, "submission"), (False, "465")):
        yield Consequence(
            main_key(host, "smtp_tls_wrappermode", "mail_relay"),
            "keep all mail in the queue",
            f"write smtp_tls_wrappermode = {'no' if wrapped else 'yes'}",
            f"because port {port} speaks TLS {'after STARTTLS' if wrapped else 'at once'}",
            Choice.NEVER,
        )
