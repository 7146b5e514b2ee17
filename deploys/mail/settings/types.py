"""Types of values in an inventory, each with the sentence for a value that is not valid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Annotated

import dns.exception
import dns.rdata
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from ..names import domain_name, is_label
from ..tags import mailto
from .secret import Secret


def _address(value: object) -> IPv4Address | IPv6Address:
    try:
        return ip_address(str(value))
    except ValueError:
        sentence = f"{value!r} is not an address; write one like '203.0.113.25' or '2001:db8::25'"
        raise ValueError(sentence) from None


def _network(value: object) -> str:
    try:
        return str(ip_network(str(value)))
    except ValueError:
        sentence = f"{value!r} is not a network; write one like '203.0.113.0/24'"
        raise ValueError(sentence) from None


def _postfix_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if "\n" in text:
        raise ValueError(f"{text!r} has several lines; write one line")
    return text


def _relay(value: object) -> str:
    name, _, port = str(value).partition(":")
    if not port.isdecimal() or not 0 < int(port) < PORTS:
        raise ValueError(f"{value!r} has no port; write one like 'mx1.example.org:465'")
    return f"{domain_name(name)}:{port}"


def _mailbox(value: object) -> str:
    local, _, domain = str(value).rpartition("@")
    if not local or any(character.isspace() or character == "@" for character in local):
        raise ValueError(f"{value!r} is not a mail address; write one like 'ann@example.org'")
    return f"{local}@{domain_name(domain)}"


def _report_uri(value: object) -> str:
    text = str(value)
    if text.startswith("https://") and not set(text) & set(" ,;!"):
        return text
    if "://" not in text:
        return mailto(_mailbox(text.removeprefix("mailto:")))
    raise ValueError(f"{value!r} cannot receive reports; write a mail address or an https:// URL")


def _versions(value: object) -> str:
    try:
        return str(SpecifierSet(str(value)))
    except InvalidSpecifier:
        sentence = f"{value!r} is not a version specifier (PEP 440); write one like '>=0.2'"
        raise ValueError(sentence) from None


def _issuer(value: object) -> str:
    return domain_name(value) if value else ""


def _logo(value: object) -> str:
    if not value or re.fullmatch(r"https://[^\s;,]+\.svg", str(value)):
        return str(value)
    raise ValueError(f"{value!r} is not a logo; write the https:// URL of an .svg file")


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    # The value is not shown: it may be the secret.
    raise ValueError(
        "this is not a reference to a secret; write env(...), file(...) or command(...)"
    )


def _certificates(value: object) -> str:
    """Return the certificates in a file on the controller; "" without a file."""
    if not value:
        return ""
    try:
        text = Path(str(value)).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(
            f"{value!r} cannot be read ({reason}); name a file in PEM format"
        ) from None
    found = CERTIFICATE.findall(text)
    if not found:
        raise ValueError(f"{value!r} has no certificate; name a file in PEM format")
    return "\n".join((*found, ""))


def _selector(value: object) -> str:
    # RFC 6376 section 3.1 requires labels of host names; "-2-ed25519" follows.
    text = str(value).lower()
    if not text or (is_label(text) and len(text) <= LONGEST_SELECTOR):
        return text
    raise ValueError(f"{value!r} is not a selector; write one label like 'mx1' or 'spring2027'")


def _rate(value: object) -> str:
    text = "".join(str(value).split())
    count, _, time = text.partition("/")
    if not text or (_is_count(count) and _is_count(time[:-1] or "1") and time[-1:] in set("smhd")):
        return text
    raise ValueError(f"{value!r} is not a rate; write one like '100/1h' or '2000/1d'")


def _rotation(value: object) -> str:
    text = str(value).strip().lower()
    if text in ("", "now") or (text.endswith("d") and _is_count(text[:-1])):
        return text
    raise ValueError(f"{value!r} is not an age of keys; write one like '180d', or '' or 'now'")


def _delegation(value: object) -> dict[str, str]:
    """Return the zone of each domain's keys; "*" stands for all other domains."""
    given = value if isinstance(value, Mapping) else {"*": value} if value else {}
    return {
        domain if domain == "*" else domain_name(domain): domain_name(zone)
        for domain, zone in given.items()
    }


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) > 0


def _trust_anchor(value: object) -> str:
    """Return a DS or DNSKEY record in Unbound's form: owner, type, data."""
    if not value:
        return ""
    owner, kind, data = (*str(value).split(None, 2), "", "", "")[:3]
    try:
        if kind in {"DS", "DNSKEY"}:
            return f"{owner} {kind} {dns.rdata.from_text('IN', kind, data)}"
    except (dns.exception.DNSException, ValueError):
        kind = ""
    raise ValueError(
        f"{value!r} is not a trust anchor; write a record like '. DS 20326 8 2 E06D...'"
    )


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


PORTS = 1 << 16
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
LONGEST_SELECTOR = 63 - len("-2-ed25519")


class Frozen(BaseModel):
    """Base of all settings: unchangeable, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )


@dataclass(frozen=True)
class Words:
    """Name of a type in the documents, in the singular."""

    text: str


Address = Annotated[IPv4Address | IPv6Address, PlainValidator(_address), Words("IP address")]
Network = Annotated[str, BeforeValidator(_network), Words("network")]
DomainName = Annotated[str, BeforeValidator(domain_name), Words("domain name")]
PostfixName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"), Words("parameter")]
PostfixService = Annotated[
    str, Field(pattern=r"^\S+/(inet|unix|unix-dgram|fifo|pass)$"), Words("service")
]
PostfixValue = Annotated[str, BeforeValidator(_postfix_value), Words("value")]
Recipients = Annotated[
    tuple[str, ...], BeforeValidator(_several), Field(min_length=1), Words("list of recipients")
]
Files = Annotated[
    tuple[Annotated[str, Field(pattern=r"^/[^\s:]+$")], ...],
    BeforeValidator(_several),
    Field(min_length=1),
    Words("list of absolute paths"),
]
NextHop = Annotated[
    str,
    Field(pattern=r"^(\.?[a-z0-9][a-z0-9.-]*|\[[^\[\]\s]+\](:\w+)?)$"),
    Words("domain or [host]"),
]
TlsPolicy = Annotated[
    str,
    Field(pattern=r"^(none|may|encrypt|dane|dane-only|fingerprint|verify|secure)( +[a-z]+=\S+)*$"),
    Words("TLS policy"),
]
TrustAnchor = Annotated[str, BeforeValidator(_trust_anchor), Words("DS or DNSKEY record")]
EmailAddress = Annotated[str, BeforeValidator(_mailbox), Words("mail address")]
EmailAddresses = Annotated[tuple[EmailAddress, ...], BeforeValidator(_several)]
ReportUris = Annotated[
    tuple[Annotated[str, BeforeValidator(_report_uri)], ...],
    BeforeValidator(_several),
    Words("list of mail addresses and https:// URLs"),
]
Issuer = Annotated[str, BeforeValidator(_issuer), Words("domain name")]
Logo = Annotated[str, BeforeValidator(_logo), Words("https:// URL")]
LocalUser = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$"), Words("user name")]
Relay = Annotated[str, BeforeValidator(_relay), Words("name:port")]
SecretReference = Annotated[Secret, PlainValidator(_secret), Words("reference to a secret")]
CertificateFile = Annotated[
    str, BeforeValidator(_certificates), Words("file on the controller in PEM format")
]
Selector = Annotated[str, BeforeValidator(_selector), Words("label of a host name")]
Rate = Annotated[str, BeforeValidator(_rate), Words("count/time")]
KeyAge = Annotated[str, BeforeValidator(_rotation), Words('"", "now" or a number of days')]
KeyZones = Annotated[
    Mapping[str, str],
    BeforeValidator(_delegation),
    Words("domain name, or dictionary from domain names to domain names"),
]
Versions = Annotated[str, BeforeValidator(_versions), Words("version specifier")]
RspamdFile = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*\.(conf|inc)$"), Words("file name")]
RspamdName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$"), Words("setting")]
