"""Types of values in an inventory, each with the sentence for a value that is not valid."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import dns.exception
import dns.name
import dns.rdata
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from ..names import domain_name, is_label, mail_address
from ..report_uris import mailto, web_host
from .mistakes.sentences import shown
from .secret import Secret
from .values.forms import Whole, Words, form, several


def _postfix_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    parts = value if isinstance(value, list | tuple) else (value,)
    for part in parts:
        if not isinstance(part, str | int | float):
            raise ValueError(  # noqa: TRY004 - pydantic hides a TypeError
                f"{shown(part)} is not a value of Postfix; write a text, a number, True or False"
            )
    text = ", ".join(map(str, parts))
    if len(text.splitlines()) > 1:
        raise ValueError(f"{shown(text)} has several lines; write one line")
    return text


def relay_host(value: object) -> str:
    """Return a relay's name and port; raise ValueError without showing a password."""
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic hides a TypeError
            "the value (masked here) is not one server; write one like 'mx1.example.org:465'"
        )
    if "@" in value:  # the value may hold a password, so the sentence must not repeat it
        raise ValueError(
            "the value (masked here) has a login in it; write the name and the port, and the login "
            "and the password apart"
        )
    name, _, port = value.partition(":")
    if not port.isdecimal() or not 0 < int(port) < PORTS:
        raise ValueError(f"{value!r} has no port; write one like 'mx1.example.org:465'")
    return f"{domain_name(name)}:{port}"


def _report_uri(value: object) -> str:
    text = str(value)
    if web_host(text):
        return text
    if "://" not in text:
        return mailto(mail_address(text))
    raise ValueError(f"{value!r} cannot receive reports; write a mail address or an https:// URL")


def _versions(value: object) -> str:
    try:
        return str(SpecifierSet(str(value)))
    except InvalidSpecifier:
        sentence = f"{value!r} is not a version specifier (PEP 440); write one like '>=0.2'"
        raise ValueError(sentence) from None


def _issuer(value: object) -> str:
    return domain_name(value) if value else ""


def _contact(value: object) -> str:
    return mail_address(value) if value else ""


def _logo(value: object) -> str:
    if not value or re.fullmatch(r"https://[^\s;,]+\.svg", str(value)):
        return str(value)
    raise ValueError(f"{value!r} is not a logo; write the https:// URL of an .svg file")


def _secret(value: object) -> Secret:
    if not isinstance(value, Secret):
        raise ValueError(  # noqa: TRY004 - pydantic hides a TypeError
            "the value (masked here) is not a reference to a secret; write env(...), file(...) or "
            "command(...)"
        )
    return value


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


def _preferences(value: object) -> dict[str, object]:
    """Return the preference in the MX records of each domain; "*" stands for all others."""
    given = value if isinstance(value, Mapping) else {} if value is None else {"*": value}
    return {one if one == "*" else domain_name(one): number for one, number in given.items()}


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) > 0


def _trust_anchor(value: object) -> str:
    """Return a DS or DNSKEY record in Unbound's form: owner, type, data."""
    if not value:
        return ""
    # Tools print a TTL and the class too, parentheses, and a comment.
    text = str(value).partition(";")[0].translate({ord("("): " ", ord(")"): " "})
    try:
        if found := ANCHOR.fullmatch(text):
            owner, kind = dns.name.from_text(found["owner"]), found["kind"].upper()
            return f"{owner} {kind} {dns.rdata.from_text('IN', kind, found['data'])}"
    except (dns.exception.DNSException, ValueError):
        pass
    raise ValueError(
        f"{value!r} is not a trust anchor; write a record like '. DS 20326 8 2 E06D...'"
    )


def _block_list(value: object) -> str:
    """Return a list of addresses as postscreen(8) asks it; by default it has an own filter."""
    found = BLOCK_LIST.fullmatch(str(value))
    try:
        zone = domain_name(found["zone"] if found else "")
    except ValueError:
        found = None
    if not found:
        raise ValueError(
            f"{value!r} is not a list of addresses; write one like 'zen.spamhaus.org' or "
            "'list.dnswl.org=127.0.[0..255].[1..3]*-2'"
        )
    return f"{zone}{found['filter'] or LISTED}{found['weight'] or ''}"


PORTS = 1 << 16
# RFC 5782 section 2.1: answers are in 127/8. By 127.255.255.x or 127.0.0.1 lists refuse a resolver.
LISTED = "=127.0.[0..255].[2..254]"
_OCTET = r"(\d{1,3}|\[[\d.;]+\])"
BLOCK_LIST = re.compile(
    rf"(?P<zone>[^\s=*]+)(?P<filter>={_OCTET}(\.{_OCTET}){{3}})?(?P<weight>\*-?\d{{1,3}})?"
)
ANCHOR = re.compile(
    r"\s*(?P<owner>\S+)(\s+\d+)?(\s+IN)?(\s+\d+)?\s+(?P<kind>DS|DNSKEY)\s+(?P<data>.*)",
    re.IGNORECASE | re.DOTALL,
)
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
LONGEST_SELECTOR = 63 - len("-2-ed25519")


class Frozen(BaseModel):
    """Base of all settings: unchangeable, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other values, without what cached properties made of these."""
        copied = super().model_copy(update=update, deep=deep)
        for name in vars(copied).keys() - type(self).model_fields.keys():
            del vars(copied)[name]
        return copied


DomainName = Annotated[str, BeforeValidator(domain_name), Words("domain name")]
PostfixName = Annotated[
    str,
    form(
        r"[A-Za-z0-9][A-Za-z0-9_.-]*", "a parameter", "one like 'smtpd_client_message_rate_limit'"
    ),
    Words("parameter"),
]
PostfixService = Annotated[
    str,
    form(r"\S+/(inet|unix|unix-dgram|fifo|pass)", "a service", "its name and type, 'smtp/inet'"),
    Words("service"),
]
PostfixValue = Annotated[str, BeforeValidator(_postfix_value), Words("value")]
Files = Annotated[
    tuple[
        Annotated[str, form(r"/[^\s:]+", "an absolute path", "one like '/etc/ssl/mx1.pem'")], ...
    ],
    BeforeValidator(several),
    Field(min_length=1),
    Words("list of absolute paths"),
]
BlockList = Annotated[
    str, BeforeValidator(_block_list), Words("domain name, with =filter and *weight")
]
NextHop = Annotated[
    str,
    form(
        r"(\.?[a-z0-9][a-z0-9.-]*|\[[^\[\]\s]+\](:\w+)?)",
        "a destination",
        "a domain like 'example.org', or a host like '[mx1.example.org]:25'",
    ),
    Words("domain or [host]"),
]
TlsPolicy = Annotated[
    str,
    form(
        r"(none|may|encrypt|dane|dane-only|fingerprint|verify|secure)( +[a-z]+=\S+)*",
        "a TLS policy",
        "'encrypt', 'dane-only', 'verify' or 'secure', and attributes like 'match=nexthop'",
    ),
    Words("TLS policy"),
]
TrustAnchor = Annotated[str, BeforeValidator(_trust_anchor), Words("DS or DNSKEY record")]
EmailAddress = Annotated[str, BeforeValidator(mail_address), Words("mail address")]
EmailAddresses = Annotated[tuple[EmailAddress, ...], BeforeValidator(several)]
ReportUris = Annotated[
    tuple[Annotated[str, BeforeValidator(_report_uri)], ...],
    BeforeValidator(several),
    Words("list of mail addresses and https:// URLs"),
]
Organization = Annotated[
    str,
    # It stands in headers, in XML and in a file of parameters.
    form(
        r"([A-Za-z0-9][A-Za-z0-9 .,&'()+/-]{0,99})?",
        "the name of an organization",
        "at most 100 letters, digits and spaces in ASCII, like 'Example Inc.'",
    ),
    Words("name"),
]
Contact = Annotated[str, BeforeValidator(_contact), Words("mail address")]
Issuer = Annotated[str, BeforeValidator(_issuer), Words("domain name")]
Logo = Annotated[str, BeforeValidator(_logo), Words("https:// URL")]
WebAddress = Annotated[
    str,
    form(r"https://[^\s/]+\S*", "an https:// URL", "one like 'https://acme.example.org/directory'"),
    Words("https:// URL"),
]
AbsolutePath = Annotated[
    str, form(r"/\S*", "an absolute path", "one like '/var/mail/anna'"), Words("absolute path")
]
Webroot = Annotated[
    str,
    form(r"(/\S+)?", "an absolute path", "one like '/var/www/html'"),
    Words("absolute path"),
]
LocalUser = Annotated[
    str, form(r"[a-z_][a-z0-9_-]*", "a user of a host", "one like 'root'"), Words("user name")
]
KeyName = Annotated[
    str,
    form(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", "the name of a key", "one like 'mx1-proofs'"),
    Words("name of a key"),
]
Relay = Annotated[str, BeforeValidator(relay_host), Words("name:port")]
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
MxPreferences = Annotated[
    Mapping[str, Annotated[Whole, Field(ge=0, le=65_535)]],
    BeforeValidator(_preferences),
    Words("whole number, or dictionary from domain names to whole numbers"),
]
Versions = Annotated[str, BeforeValidator(_versions), Words("version specifier")]
RspamdFile = Annotated[
    str,
    form(r"[a-z0-9][a-z0-9_-]*\.(conf|inc)", "a file of local.d", "one like 'options.inc'"),
    Words("file name"),
]
RspamdName = Annotated[
    str,
    form(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "a setting of rspamd", "one like 'task_timeout'"),
    Words("setting"),
]
