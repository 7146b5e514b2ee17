"""A lab as an inventory: plain SSH hosts, and how to publish in its zones."""

import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from typing import Any

from ..mail.settings.secret import Secret, file
from . import state
from .definition import (
    ACME_DIRECTORY,
    IMAP,
    SECOND,
    TRAVELLER,
    UPDATE_KEY,
    Lab,
    LabError,
    LabHost,
    Role,
    named,
)

SSH_PORT = 22
API_PORT = 8081
MAILBOX = "visitor"
ACCOUNT = "captain"
HostEntry = tuple[str, Mapping[str, Any]]


def hosts(lab_name: str, role: Role, mail_hosts: int | None = None) -> list[HostEntry]:
    """Return the hosts of a role with their data; raise LabError if the lab is not up."""
    lab = named(lab_name, mail_hosts)
    if not _is_up(lab):
        up = f"pyinfra @local deploys/lab.py --data lab_name={lab.name} -y"
        raise LabError(f"the lab {lab.name!r} is not up: bring it up with {up}")
    return [(host.name, {**_login(lab, host), **_mail(lab, host)}) for host in lab.of(role)]


def resolvers(lab_name: str) -> list[str]:
    """Return the addresses of a lab's resolver, which answers the controller too."""
    lab = named(lab_name)
    return [str(address) for address in lab.addresses(lab.only("resolver"))]


def dns(lab_name: str) -> Mapping[str, Any]:
    """Return octoDNS's configuration of a lab's name server."""
    lab = named(lab_name)
    return {
        "class": "powerdns",
        "host": str(lab.address4(lab.only("ns"))),
        "port": API_PORT,
        "api_key": file(state.directory(lab.name) / "api-key"),
    }


def dns_by_update(lab_name: str) -> Mapping[str, Any]:
    """Return the configuration of the second name server, which takes RFC 2136 updates."""
    lab = named(lab_name)
    return {
        "class": "rfc2136",
        "host": str(lab.address4(SECOND)),
        "key_name": UPDATE_KEY,
        "key_secret": file(state.directory(lab.name) / "update-key"),
        "key_algorithm": "hmac-sha256",
    }


def mailboxes(lab_name: str) -> list[Mapping[str, Any]]:
    """Return the peer's mailbox for IMAP."""
    directory = state.directory(named(lab_name).name)
    return [
        {
            "address": TRAVELLER,
            "imap": IMAP,
            "login": TRAVELLER,
            "password": file(directory / "mailbox-password"),
            "ca_file": str(directory / "authority.pem"),
        }
    ]


def _is_up(lab: Lab) -> bool:
    """Tell whether this machine is on the lab's network, which exists while a host runs."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(lab.address4(lab.only("ns"))), SSH_PORT))  # sends nothing
        except OSError:
            return False
        return IPv4Address(probe.getsockname()[0]) in lab.network4


def _login(lab: Lab, host: LabHost) -> Mapping[str, Any]:
    directory = state.directory(lab.name)
    return {
        "ssh_hostname": str(lab.address4(host)),
        "ssh_user": "root",
        "ssh_key": str(directory / "id_ecdsa"),
        "ssh_known_hosts_file": str(directory / "known_hosts"),
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }


def _mail(lab: Lab, host: LabHost) -> Mapping[str, Any]:
    if host.role == "peer":
        return {
            "mail_witness_address": f"{MAILBOX}@{host.domains[0]}",
            "mail_witness_mailbox": f"/var/mail/{MAILBOX}",
        }
    if host.role == "mail":
        root = state.keys(lab).zone_ds(".")
        return {
            "mail_acme_directory": ACME_DIRECTORY,
            "mail_acme_ca_file": str(state.directory(lab.name) / "authority.pem"),
            "mail_resolver_forwards": resolvers(lab.name),
            "mail_resolver_trust_anchor": f". DS {root}",
            "mail_hostname": host.hostname,
            "mail_addresses": [str(address) for address in lab.addresses(host)],
            "mail_domains": list(host.domains),
            "mail_aliases": {ACCOUNT: "root"},
            "mail_accounts": dict(_accounts(lab, host)),
            "mail_account_rate": "",  # tests and benches send more than a person does
        }
    if host.role == "client":
        relay = lab.of("mail")[0]
        return {
            "mail_hostname": host.hostname,
            "mail_relay": f"{relay.hostname}:465",
            "mail_relay_login": f"{ACCOUNT}@{relay.domains[0]}",
            "mail_relay_password": password(lab),
            "mail_root": f"postmaster@{relay.domains[0]}",
        }
    return {}


def password(lab: Lab) -> Secret:
    """Return the file with the password of a lab's accounts."""
    return file(state.directory(lab.name) / "account-password")


def _accounts(lab: Lab, host: LabHost) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for domain in host.domains:
        yield f"{ACCOUNT}@{domain}", {"password": password(lab)}
