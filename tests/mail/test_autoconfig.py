"""What mail programs read: the ways to send, and nothing that the hosts do not offer."""

from xml.etree import ElementTree as ET

import pytest

from deploys.mail import autoconfig

HOSTS = ("mx1.harbor.example", "mx2.harbor.example")
WAYS = [(host, port) for port in ("465", "587") for host in HOSTS]


def read(text: str, parent: str) -> list[dict[str, str | None]]:
    """Return the texts below each element of a name, whatever namespace they are in."""
    root = ET.fromstring(text)  # noqa: S314 - our own
    found = [one for one in root.iter() if one.tag.rpartition("}")[2] == parent]
    return [{child.tag.rpartition("}")[2]: child.text for child in one} for one in found]


def test_thunderbirds_document_names_the_best_server_first() -> None:
    text = autoconfig.thunderbird("harbor.example", HOSTS)

    servers = read(text, "outgoingServer")
    assert [(one["hostname"], one["port"]) for one in servers] == WAYS
    assert [one["socketType"] for one in servers] == ["SSL", "SSL", "STARTTLS", "STARTTLS"]
    assert {one["username"] for one in servers} == {"%EMAILADDRESS%"}
    assert read(text, "emailProvider")[0]["domain"] == "harbor.example"


def test_outlooks_document_names_the_same_servers() -> None:
    text = autoconfig.outlook("harbor.example", HOSTS)

    servers = read(text, "Protocol")
    assert [(one["Server"], one["Port"]) for one in servers] == WAYS
    assert [one["Encryption"] for one in servers] == ["SSL", "SSL", "TLS", "TLS"]
    assert {(one["Type"], one["AuthRequired"], one["DomainName"]) for one in servers} == {
        ("SMTP", "on", "harbor.example")
    }
    assert f'xmlns="{autoconfig.SETTINGS}"' in text


def test_the_server_of_mailboxes_comes_first() -> None:
    documents = [
        render("harbor.example", HOSTS, HOSTS[:1])
        for render in (autoconfig.thunderbird, autoconfig.outlook)
    ]

    (reading,) = read(documents[0], "incomingServer")
    assert (reading["hostname"], reading["port"], reading["socketType"]) == (HOSTS[0], "993", "SSL")
    assert 'incomingServer type="imap"' in documents[0]
    first, *others = read(documents[1], "Protocol")
    assert (first["Type"], first["Server"], first["Port"]) == ("IMAP", HOSTS[0], "993")
    assert {one["Type"] for one in others} == {"SMTP"}


@pytest.mark.parametrize("render", [autoconfig.thunderbird, autoconfig.outlook])
def test_no_document_names_a_server_for_reading(render: object) -> None:
    text = render("harbor.example", HOSTS)  # type: ignore[operator]

    assert "imap" not in text.lower()
    assert "pop3" not in text.lower()
