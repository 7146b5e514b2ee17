"""
Autoconfiguration documents: the settings of mailboxes and of submission for mail programs.

Thunderbird and many others read `https://autoconfig.<domain>/mail/config-v1.1.xml`. Outlook reads
`https://autodiscover.<domain>/autodiscover/autodiscover.xml` (MS-OXDSCLI, the plain XML form). Both
name the servers in the order of RFC 8314: port 465 with TLS from the first octet, then port 587
with STARTTLS. The login is the whole address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

PATHS = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")
OUTLOOK_PATH = "/autodiscover/autodiscover.xml"
RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
SETTINGS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


@dataclass(frozen=True)
class UserServer:
    """A port of a host for users, in the terms of both programs."""

    hostname: str
    port: int
    socket_type: str  # Thunderbird's
    encryption: str  # Outlook's
    protocol: str = "smtp"


def servers(
    hosts: Sequence[str], mailboxes: Sequence[str] = (), pop3: Sequence[str] = ()
) -> Iterator[UserServer]:
    """Yield the servers of mailboxes, those of POP3 last, and those for submission, best first."""
    for protocol, port, reading in (("imap", 993, mailboxes), ("pop3", 995, pop3)):
        for hostname in reading:
            yield UserServer(hostname, port, "SSL", "SSL", protocol)
    for port, socket_type, encryption in ((465, "SSL", "SSL"), (587, "STARTTLS", "TLS")):
        for hostname in hosts:
            yield UserServer(hostname, port, socket_type, encryption)


def thunderbird(
    domain: str, hosts: Sequence[str], mailboxes: Sequence[str] = (), pop3: Sequence[str] = ()
) -> str:
    """Return Thunderbird's document for a domain whose accounts send through hosts."""
    root = ET.Element("clientConfig", version="1.1")
    provider = ET.SubElement(root, "emailProvider", id=domain)
    _texts(provider, domain=domain, displayName=domain, displayShortName=domain)
    for server in servers(hosts, mailboxes, pop3):
        kind = "outgoingServer" if server.protocol == "smtp" else "incomingServer"
        element = ET.SubElement(provider, kind, type=server.protocol)
        _texts(
            element,
            hostname=server.hostname,
            port=str(server.port),
            socketType=server.socket_type,
            username="%EMAILADDRESS%",
            authentication="password-cleartext",  # under TLS, as every port demands it
        )
    return _document(root)


def outlook(
    domain: str, hosts: Sequence[str], mailboxes: Sequence[str] = (), pop3: Sequence[str] = ()
) -> str:
    """Return Outlook's document for a domain whose accounts send through hosts."""
    root = ET.Element("Autodiscover", xmlns=RESPONSE)
    response = ET.SubElement(root, "Response", xmlns=SETTINGS)
    account = ET.SubElement(response, "Account")
    _texts(account, AccountType="email", Action="settings")
    for server in servers(hosts, mailboxes, pop3):
        protocol = ET.SubElement(account, "Protocol")
        _texts(
            protocol,
            Type=server.protocol.upper(),
            Server=server.hostname,
            Port=str(server.port),
            # Without a LoginName the login is <name>@<domain>.
            DomainRequired="on",
            DomainName=domain,
            SPA="off",
            Encryption=server.encryption,
            AuthRequired="on",
        )
    return _document(root)


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _document(root: ET.Element) -> str:
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
