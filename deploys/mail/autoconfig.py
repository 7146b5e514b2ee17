"""
Autoconfiguration: a mail program learns from an address alone how its owner may send.

Thunderbird and many others read `https://autoconfig.<domain>/mail/config-v1.1.xml`, Outlook asks
`https://autodiscover.<domain>/autodiscover/autodiscover.xml` (MS-OXDSCLI, the plain XML form). Both
are told of submission as RFC 8314 prefers it: port 465 with TLS from the first octet, then port
587 with STARTTLS, with the whole address as the login.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

PATHS = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")
OUTLOOK_PATH = "/autodiscover/autodiscover.xml"
RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
SETTINGS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


@dataclass(frozen=True)
class Way:
    """A port of a host at which its accounts send, in the words of either program."""

    hostname: str
    port: int
    socket_type: str  # Thunderbird's
    encryption: str  # Outlook's


def ways(hosts: Sequence[str]) -> Iterator[Way]:
    """Yield how to send through hosts, the best way first."""
    for port, socket_type, encryption in ((465, "SSL", "SSL"), (587, "STARTTLS", "TLS")):
        for hostname in hosts:
            yield Way(hostname, port, socket_type, encryption)


def thunderbird(domain: str, hosts: Sequence[str]) -> str:
    """Return what Thunderbird reads about a domain whose accounts send through hosts."""
    root = ET.Element("clientConfig", version="1.1")
    provider = ET.SubElement(root, "emailProvider", id=domain)
    _texts(provider, domain=domain, displayName=domain, displayShortName=domain)
    for way in ways(hosts):
        server = ET.SubElement(provider, "outgoingServer", type="smtp")
        _texts(
            server,
            hostname=way.hostname,
            port=str(way.port),
            socketType=way.socket_type,
            username="%EMAILADDRESS%",
            authentication="password-cleartext",  # under TLS, as both ports demand it
        )
    return _document(root)


def outlook(domain: str, hosts: Sequence[str]) -> str:
    """Return what Outlook is answered about a domain whose accounts send through hosts."""
    root = ET.Element("Autodiscover", xmlns=RESPONSE)
    response = ET.SubElement(root, "Response", xmlns=SETTINGS)
    account = ET.SubElement(response, "Account")
    _texts(account, AccountType="email", Action="settings")
    for way in ways(hosts):
        protocol = ET.SubElement(account, "Protocol")
        _texts(
            protocol,
            Type="SMTP",
            Server=way.hostname,
            Port=str(way.port),
            # Without a LoginName the login is <name>@<domain>, which the answer need not know.
            DomainRequired="on",
            DomainName=domain,
            SPA="off",
            Encryption=way.encryption,
            AuthRequired="on",
        )
    return _document(root)


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _document(root: ET.Element) -> str:
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
