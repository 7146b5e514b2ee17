"""Files that a lab gives to its hosts.

`files/ROLE/PATH` is mounted at `/PATH` in each container of that role, `files/all` in every one;
a name that ends in .j2 is a template. They are rendered into the lab's state directory.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import zones
from .definition import (
    IMAP,
    PROOF_KEY,
    READER,
    RECEIVERS,
    SECOND,
    TRAVELLER,
    UPDATE_KEY,
    UPDATED,
    Lab,
    LabHost,
)
from .keys import Keys
from .machine import Machine

HERE = Path(__file__).parent / "files"
# SSH refuses keys others can read.
PRIVATE = {
    "seed",
    "id_ecdsa",
    "api-key",
    "update-key",
    "proof-key",
    "account-password",
    "bulk-secret",
    "mailbox-password",
    "imap.key",
    "acme.key",
    "ssh_host_ecdsa_key",
}
OPERATOR = "operator"


def known_hosts(lab: Lab, keys: Keys) -> str:
    """Return the hosts' public keys in the form of known_hosts, by address and name."""
    names = {host: ",".join((*map(str, lab.addresses(host)), host.hostname)) for host in lab.hosts}
    return "".join(f"{names[host]} {keys.ssh_public(host.name)}\n" for host in lab.hosts)


def mode(name: str) -> int:
    """Return the mode of a file; services read their files as their own users."""
    return 0o600 if name in PRIVATE else 0o644


def of_operator(lab: Lab, keys: Keys) -> Mapping[str, str]:
    """Return the files that the operator needs to reach the hosts."""
    return {
        "id_ecdsa": keys.ssh_private(OPERATOR),
        "known_hosts": known_hosts(lab, keys),
        "api-key": f"{keys.api_key}\n",
        "update-key": f"{keys.update_key}\n",
        "proof-key": f"{keys.proof_key}\n",
        "account-password": f"{keys.account_password}\n",
        "bulk-secret": f"{keys.bulk_secret}\n",
        "mailbox-password": f"{keys.mailbox_password}\n",
        "authority.pem": keys.authority(),
    }


def of_host(lab: Lab, host: LabHost, keys: Keys, machine: Machine) -> Mapping[str, str]:
    """Return the files of one host, by path without the leading slash."""
    values = {
        "lab": lab,
        "host": host,
        "keys": keys,
        "machine": machine,
        "zones": zones.of_first(lab),
        "second": SECOND,
        "imap": IMAP,
        "traveller": TRAVELLER,
        "reader": READER,
        "receivers": RECEIVERS,
        "updated": f"{UPDATED}.",
        "update_key": UPDATE_KEY,
        "proof_key": PROOF_KEY,
    }
    files = {**_rendered("all", values), **_rendered(host.role, values)}
    if host.role == "ns":
        files.update(_zone_files(lab, keys))
    return files


def _rendered(directory: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    environment = Environment(  # noqa: S701 - configuration, no HTML
        loader=FileSystemLoader(HERE / directory),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return {
        name.removesuffix(".j2"): environment.get_template(name).render(values)
        for name in environment.list_templates()
    }


def _zone_files(lab: Lab, keys: Keys) -> Iterator[tuple[str, str]]:
    for zone in zones.names(lab):
        yield f"etc/lab/zones/{zone}zone", zones.text(lab, keys, zone)
    for zone in zones.of_first(lab):
        yield f"etc/lab/zones/{zone}key", keys.zone_private(zone)
    yield f"etc/lab/zones/{UPDATED}.pem", keys.zone_pem(f"{UPDATED}.")
