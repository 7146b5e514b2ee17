"""States of hosts, for plans that need no host."""

import base64
from dataclasses import asdict
from typing import Any

from deploys.host.model.desired import Certificate, File, Service
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.new_host import absent, new_host
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import HostSettings, MailSettings, NullClient
from deploys.mail.settings.secret import command

SETTINGS: dict[str, Any] = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11", "2001:db8:25::11"],
    "mail_domains": ["harbor.example"],
}


def settings(**data: Any) -> MailSettings:
    """Return the settings of mx1, with other keys on top."""
    return fleet_from({"mx1": SETTINGS | data}, {}).hosts[0]


CLIENT: dict[str, Any] = {
    "mail_hostname": "app.harbor.example",
    "mail_relay": "mx1.harbor.example:465",
    "mail_relay_login": "app@harbor.example",
    "mail_relay_password": command("echo", "open sesame"),
    "mail_root": "hostmaster@harbor.example",
}


def client(**data: Any) -> NullClient:
    """Return the settings of a null client, with other keys on top."""
    return fleet_from({}, {}, {"app": CLIENT | data}).clients[0]


def bare(release: str = "12", own: HostSettings | None = None) -> Existing:
    """Return a new host: nothing of mail is installed."""
    return new_host(own or settings(), release)


def as_desired(service: Service, release: str = "12", **other: Any) -> Existing:
    """Return a host on which a service is as desired, except for the given fields."""
    state = {"ActiveState": "active", "UnitFileState": "enabled"}
    found = vars(absent(service.query)) | {
        "files": {file.path: _file(file) for file in service.set},
        "tables": {table.path: table.file().sha256 for table in service.tables},
        "owned": [file.path for file in service.set],
        "units": {service.enabled: state, service.unit: state},
        "pid": 42,
        "loaded": service.digest,
    }
    host = asdict(bare(release))
    certificates = {certificate.path: served(certificate) for certificate in service.certificates}
    return decode(
        Existing,
        host
        | {"packages": host["packages"] | dict.fromkeys(service.query.packages, "1-1")}
        | {"certificates": host["certificates"] | certificates}
        | {"keys": host["keys"] | {key.path: "AAAA" for key in service.keys}}
        | {"services": host["services"] | {service.query.name: found | other}},
    )


def served(certificate: Certificate, **other: Any) -> dict[str, Any]:
    """Return the state of a certificate as desired, except for the given fields."""
    return {
        "kinds": ["ecdsa", "rsa"],
        "covered": True,
        "self_signed": certificate.source == "self-signed",
        "days": 60,
        "current": True,
        "directory": certificate.directory,
        "challenge": certificate.challenge if certificate.directory else "",
        "problem": "",
        "served": ["0a" * 32, "0b" * 32],
        "next": ["1a" * 32, "1b" * 32] if certificate.next else [],
        **other,
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "sha256": file.sha256,
        "content": "" if file.secret else base64.b64encode(file.content.encode()).decode(),
        "mode": file.mode,
        "owner": file.owner,
        "group": file.group,
    }
