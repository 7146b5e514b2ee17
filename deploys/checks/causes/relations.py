"""
Relations between checks: the failure of one explains findings of others.

A row names a check and the checks whose findings follow from its failure, on the same subject, or
wherever its host is mentioned. Rows are read from the top; the first that fits a finding counts.
"""

from dataclasses import KW_ONLY, dataclass

from .facts import PATH

# A reply 4xx, or a message that no mailbox has.
_FOR_NOW = r"(?<![\d.:])4[2-5]\d (?!s\b)"
_MISSING = r": not in |: no DSN in "
_ADDRESS = r" at ([0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*[0-9A-Fa-f])"
_UNSIGNED = r"is missing|no signature of|neither SPF nor DKIM"


@dataclass(frozen=True)
class Relation:
    """
    A check whose failure explains others.

    + seen: pattern of the failure's text; the group `key`, if any, is a text that an effect has
    + says: pattern of the effect's text
    + anywhere: effects may have another subject, if they mention the host or the key
    """

    cause: str
    effects: tuple[str, ...]
    _: KW_ONLY
    seen: str = ""
    says: str = ""
    anywhere: bool = False


def _of_address(cause: str, *effects: str, says: str = "") -> Relation:
    return Relation(
        cause, effects, seen=_ADDRESS.replace("(", "(?P<key>", 1), says=says, anywhere=True
    )


RELATIONS: tuple[Relation, ...] = (
    # A message
    Relation("delivery.arrived", ("delivery.*",), seen=f"^(?P<key>{PATH}):", says="did not arrive"),
    # The host
    Relation(
        "run.host",
        ("host.*", "bulk.*", "reports.*", "dns.dkim", "delivery.*", "run.tidied"),
        says=r"did not answer|not reached|ended without|not connected",
        anywhere=True,
    ),
    Relation(
        "host.services",
        ("smtp.*", "dns.tlsa", "dns.caa", "dns.srv", "delivery.*", "host.queue"),
        seen=r"Postfix is not running|postfix\S* is (?!not enabled)",
        says=rf"refused the connection|could not be reached|closed the conn|{_FOR_NOW}|{_MISSING}",
        anywhere=True,
    ),
    Relation(
        "host.services",
        ("smtp.*", "dns.tlsa", "dns.caa", "dns.srv", "delivery.*", "host.queue"),
        seen=r"\.\w+ is (?!not enabled|disabled|static)",
        says=rf"{_FOR_NOW}|{_MISSING}|closed the connection|AUTH under TLS",
        anywhere=True,
    ),
    Relation(
        "host.services", ("delivery.*",), seen=r"rspamd\S* is ", says=_UNSIGNED, anywhere=True
    ),
    Relation("host.services", ("bulk.*",), seen=r"pyinfra-mail-\S+ is (?!not enabled|disabled)"),
    Relation(
        "host.directory",
        ("smtp.*", "imap.*", "delivery.*", "host.queue"),
        says=rf"{_FOR_NOW}|{_MISSING}",
        anywhere=True,
    ),
    Relation(
        "host.disk",
        ("smtp.*", "delivery.*", "host.queue"),
        says=rf"(?<![\d.:])452 |{_MISSING}",
        anywhere=True,
    ),
    # One address of a host
    _of_address("smtp.connect", "smtp.*", "dns.tlsa", "dns.caa", "dns.srv"),
    _of_address("smtp.connect", "delivery.*", "host.port25"),
    _of_address("smtp.starttls", "smtp.*", "dns.tlsa", "dns.caa", says="TLS"),
    Relation("smtp.starttls", ("delivery.hops",), says="clear text", anywhere=True),
    Relation("host.port25", ("delivery.*", "host.queue"), says=rf"{_MISSING}|waits", anywhere=True),
    # Name servers and the zone
    Relation("dns.servers", ("dns.*",), seen=r"(?P<key>\S+ \([0-9A-Fa-f.:]+\))", says=" about "),
    Relation("dns.servers", ("*",), seen="is not delegated"),
    Relation("dns.dnssec", ("dns.*", "delivery.*"), seen=": bogus", says="no answer|SERVFAIL"),
    Relation("dns.address", ("dns.mx",), says="has no address", anywhere=True),
    Relation("dns.address", ("dns.ptr",), says="does not lead back"),
    Relation("dns.mx", ("delivery.arrived",), says=r"^\S+ -> postmaster@.*: not in "),
    # Authentication of the domain
    Relation(
        "dns.dkim",
        ("delivery.signature", "dns.resolvers"),
        seen=r"(?P<key>[\w-]+\._domainkey\.[\w.-]*\w)",
    ),
    Relation("dns.dkim", ("delivery.dkim",), seen=r"(?P<key>[\w-]+)\._domainkey\."),
    Relation("dns.dkim", ("delivery.signature", "delivery.dkim"), seen="lacks a signing key"),
    Relation("dns.dkim", ("delivery.dmarc",), says="neither SPF nor DKIM|no result of"),
    Relation("dns.spf", ("dns.spf_senders", "delivery.spf", "delivery.spf_evaluated")),
    Relation("dns.spf", ("delivery.dmarc",), says="neither SPF nor DKIM|no result of"),
    Relation("dns.spf_senders", ("delivery.spf", "delivery.spf_evaluated")),
    Relation("dns.spf_senders", ("delivery.dmarc",), says="neither SPF nor DKIM|no result of"),
    Relation("dns.dmarc", ("dns.dmarc_reports", "dns.dmarc_subdomains")),
    Relation("dns.dmarc", ("delivery.dmarc",), says="no DMARC policy|_dmarc"),
    Relation("delivery.signature", ("delivery.dkim",)),
    Relation("delivery.spf_evaluated", ("delivery.spf",)),
    # Recipients
    Relation("smtp.unknown_recipient", ("smtp.backscatter", "smtp.guessing")),
    _of_address("smtp.postmaster", "delivery.arrived", "delivery.recipients", says="postmaster@"),
    Relation("smtp.submission", ("smtp.forgery",)),
)
