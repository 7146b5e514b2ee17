"""
The first hour of a newcomer: bare hosts, a user with sudo, the example, and DNS by hand.

The witness is an Exim that writes no Authentication-Results, as most do.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from deploys.lab.definition import Role
from deploys.lab.inventory import hosts, resolvers
from deploys.run.threads import in_parallel
from tests.lab.labs import NAME, ROOT, Done, Raised
from tests.lab.runs import MAIL_HOSTS, UNSCANNED, forked, on, undone
from tests.lab.test_zones import PowerDns

ZONES = ("harbor.example", "orchard.example")
SSH, SUDO = "SSH_PASSWORD", "SUDO_PASSWORD"
PASSWORD = "open sesame 42"
EXIM, RESTART = "/etc/exim4/exim4.conf", "systemctl restart exim4"
RECORD = re.compile(r"<section.*?</section>|<h2>(.*?)</h2>", re.DOTALL)
FIELD = re.compile(r"<dt>(.*?)</dt><dd><code>(.*?)</code></dd><dd><button", re.DOTALL)
USER = (
    "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y sudo >/dev/null",
    "useradd --create-home --shell /bin/bash --groups sudo admin",
    f"echo 'admin:{PASSWORD}' | chpasswd",
)


@pytest.fixture(scope="module", autouse=True)
def _hosts(lab: Raised) -> Iterator[None]:
    """Two bare hosts with an `admin` who has sudo, zones without mail, and a plain Exim."""
    lab.bare(*MAIL_HOSTS)
    in_parallel(lambda name: [on(name, command) for command in USER], MAIL_HOSTS)
    zones, pointers = PowerDns(lab), dict(pointers_of(lab))
    before = {zone: zones.held(zone) for zone in {*ZONES, *map(reverse_zone, pointers)}}
    for zone in ZONES:  # without records of mail that other tests have left
        kept = {key: one for key, one in before[zone].items() if "_" not in key[0]}
        zones.restore(zone, kept)
    for name, hostname in pointers.items():  # the provider of the addresses has done its part
        zones.replace(reverse_zone(name), name, "PTR", 60, [f"{hostname}."])
    with undone("peer", f"umount {EXIM} && {RESTART}"):
        on("peer", f"grep -v authresults {EXIM} >/root/plain && chmod 644 /root/plain")
        on("peer", f"mount --bind /root/plain {EXIM} && {RESTART}")
        yield
    for zone, sets in before.items():
        zones.restore(zone, sets)


def pointers_of(lab: Raised) -> Iterator[tuple[str, str]]:
    """Yield the name in a reverse zone and the host name of each address of the mail hosts."""
    for host in map(lab.host, MAIL_HOSTS):
        for address in lab.lab.addresses(host):
            yield address.reverse_pointer, host.hostname


def reverse_zone(name: str) -> str:
    """Return the zone of a network: /24 of IPv4, /64 of IPv6."""
    return ".".join(name.split(".")[16 if name.endswith("ip6.arpa") else 1 :])


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the example, and write what a newcomer writes."""
    folder = tmp_path_factory.mktemp("newcomer") / "mine"
    shutil.copytree(ROOT / "inventories" / "example", folder)
    shutil.copy(ROOT / "config.py", folder.parent)
    (folder / "group_data" / "client.py").unlink()
    groups = {group: written(group, role) for group, role in ROLES.items()}
    (folder / "inventory.py").write_text("".join(groups.values()))
    edit(folder / "group_data" / "all.py", 'ssh_user = "root"', LOGIN)
    none, ours = "mail_resolvers: list[str] = []", f"mail_resolvers = {resolvers(NAME)!r}"
    edit(folder / "group_data" / "all.py", none, ours)
    dns = re.search(
        r"mail_dns: .*?\n}\n", (folder / "group_data" / "mail.py").read_text(), re.DOTALL
    )
    assert dns
    edit(folder / "group_data" / "mail.py", dns[0], 'mail_dns = {"class": "manual"}\n')
    edit(folder / "group_data" / "mail.py", "mail_dns_timeout = 120", "mail_dns_timeout = 2")
    return folder


ROLES: Mapping[str, Role] = {"mail": "mail", "witnesses": "peer"}
LOGIN = f"""from deploys import env

ssh_user = "admin"
ssh_password = env("{SSH}")
_sudo = True
_sudo_password = env("{SUDO}")"""
KEYS = {"mail_hostname", "mail_addresses", "mail_domains", "ssh_hostname", "ssh_known_hosts_file"}
OF_THE_LAB = {"mail_resolver_forwards", "mail_resolver_trust_anchor"}
ROOT_LOGIN = {"ssh_user", "ssh_key"}
OF_WITNESSES = {"mail_witness_address", "mail_witness_mailbox"}


def written(group: str, role: Role) -> str:
    """Return a group of the inventory: three keys of each mail host, and the way to it."""
    kept = KEYS | OF_THE_LAB if group == "mail" else KEYS | ROOT_LOGIN | OF_WITNESSES
    entries = [
        (name, {key: value for key, value in data.items() if key in kept})
        for name, data in hosts(NAME, role)
    ]
    if group == "witnesses":
        entries = [(name, {**data, "_sudo": False}) for name, data in entries]
    return f"{group} = {entries!r}\n"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def run(mine: Path, deploy: str, *arguments: str, **environment: str) -> Done:
    secrets = {SSH: PASSWORD, SUDO: PASSWORD}
    words = (str(mine / "inventory.py"), str(ROOT / deploy), *arguments)
    return forked(mine.parent, words, os.environ | secrets | environment)


def published(page: Path, zones: PowerDns) -> None:
    """Copy each field of the page into the zones, as a person does in a web form."""
    found: dict[tuple[str, str, str], tuple[int, list[str]]] = {}
    zone = ""
    for part in RECORD.finditer(page.read_text()):
        zone = part[1] or zone
        fields: dict[str, Any] = {key: unescape(text) for key, text in FIELD.findall(part[0])}
        if fields:
            name = zone if fields["Name"] == "@" else f"{fields['Name']}.{zone}"
            key = (zone, name, fields["Type"])
            found.setdefault(key, (int(fields["TTL"]), []))[1].append(content(fields))
    for (zone, name, kind), (ttl, values) in found.items():
        zones.replace(zone, name, kind, ttl, values)


def content(fields: Mapping[str, str]) -> str:
    """Return the content of a record as a provider makes it of a form."""
    value = fields["Value"]
    if fields["Type"] == "TXT":
        return " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))
    numbers = fields.get("Priority") or fields.get("Priority, weight and port")
    return f"{numbers} {value}." if numbers else value


def test_a_login_without_sudo_is_told_what_to_write(mine: Path) -> None:
    done = run(mine, "deploys/hosts.py", "-y", "--data", "_sudo=")

    assert done.returncode == 1
    assert "login: admin is not root: write _sudo = True in group_data" in done.stdout
    assert PASSWORD not in done.stdout


def test_the_first_run_lists_the_records_and_the_next_one_goes_on(mine: Path, lab: Raised) -> None:
    first = run(mine, "deploys/site.py", "-y")
    page = mine.parent / "reports" / "mine" / "publish.html"

    assert first.returncode == 1, first.stdout
    assert "With buttons to copy them: reports/mine/publish.html" in first.stdout
    assert "goes on from here" in first.stdout
    assert "No hosts remaining" not in first.stdout

    published(page, PowerDns(lab))
    second = run(mine, "deploys/site.py", "-y")

    assert second.returncode == 0, second.stdout
    assert "Mail is delivered." in second.stdout
    assert PASSWORD not in first.stdout + second.stdout


def test_verification_and_a_further_run_change_nothing(mine: Path) -> None:
    verified = run(mine, "deploys/verify.py", "-y", *UNSCANNED)
    again = run(mine, "deploys/site.py", "--dry", "--data", "fail_on_changes=yes")

    assert verified.returncode == 0, verified.stdout
    assert again.returncode == 0, again.stdout
