"""Output of snapshot.sh on a host without problems, and with some."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploys.mail.settings.inventory import fleet_from
from deploys.mail.units import RSPAMD, services, started_by_postfix
from tests.checks.smtp_servers import certified

NOW = datetime.now(UTC).timestamp()  # the certificates are made now
SSL, DKIM = "/etc/ssl/private/pyinfra-mail", "/var/lib/pyinfra-mail/dkim"
Sections = Mapping[str, Sequence[str]]


def unit(name: str, **changed: str) -> list[str]:
    state = {
        "NRestarts": "0",
        "Id": name,
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "UnitFileState": "enabled",
        **changed,
    }
    return [*(f"{key}={value}" for key, value in state.items()), ""]


def units(**changed: str) -> list[str]:
    """Return what systemd says of every unit that a host can have, of rspamd with a change."""
    data = {"mail_hostname": "mx1.harbor.example", "mail_addresses": ["203.0.113.11"]}
    (host,) = fleet_from({"mx1": {**data, "mail_tls": "acme"}}, {}).hosts
    names = [*(one.units[0] for one in services(host)), *started_by_postfix(host)]
    return [
        line for one in names for line in (unit(one, **changed) if one == RSPAMD else unit(one))
    ]


def snapshot_lines(folder: Path, changed: Sections, days: float = 90) -> list[str]:
    """Return the lines that snapshot.sh prints on a host where all is well, but for a change."""
    certified(folder, days=days)
    pem = base64.b64encode((folder / "mx1.pem").read_bytes()).decode()
    sections: Sections = {
        "begin": [f"{NOW:.9f}"],
        "port25": ["192.0.2.7 reached 220 mail.faraway.example ESMTP"],
        "unit": units(),
        "list": ["security_InRelease"],
        "listed": [str(int(NOW) - 3600)],
        "blocks": ["/dev/sda1 99999999 9999999 89999999 11% /"],
        "inodes": ["/dev/sda1 1000000 100000 900000 11% /"],
        "synchronized": ["yes"],
        "postconf": [
            "myhostname = mx1.harbor.example",
            "message_size_limit = 26214400",
            "virtual_alias_domains = harbor.example",
            "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination",
            "smtpd_milters = unix:rspamd/milter.sock",
            f"smtpd_tls_chain_files = {SSL}/mx1.harbor.example.pem",
            "smtpd_client_auth_rate_limit = 0",
            "smtpd_tls_auth_only = no",
        ],
        "secret": [
            f"600 root {int(NOW)} {SSL}/mx1.harbor.example.pem",
            f"600 _rspamd {int(NOW)} {DKIM}/mx1-rsa.key",
        ],
        "certificate": [f"{pem} {SSL}/mx1.harbor.example.pem"],
        "deployed": ["postfix same", "rspamd same"],
        "end": [f"{NOW:.9f}"],
        **changed,
    }
    return [f"{name} {line}" for name, lines in sections.items() for line in lines]
