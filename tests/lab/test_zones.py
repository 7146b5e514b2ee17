"""The zones of a real PowerDNS, and what an operator sees of them."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import dns.message
import dns.query
import dns.rdatatype
import pytest

from deploys.lab import state
from deploys.lab.inventory import API_PORT, hosts
from deploys.lab.inventory import dns as lab_dns
from deploys.mail.checking import fleet_from
from deploys.mail.errors import MailError
from deploys.mail.records import records_for
from deploys.zones.loading import load
from deploys.zones.plan import apply, plan
from tests.lab.raising import NAME, Raised
from tests.lab.running import LAB

ROOT = Path(__file__).parents[2]
HARBOR, ORCHARD = "harbor.example", "orchard.example"
OURS = [
    ("mx1.harbor.example", "A"),
    ("mx1.harbor.example", "AAAA"),
    (HARBOR, "MX"),
    (HARBOR, "TXT"),
    ("_dmarc.harbor.example", "TXT"),
]
BEFORE = ['"site-verification=5d1c9b27"', '"v=spf1 include:_spf.faraway.example ~all"']
AFTER = ['"site-verification=5d1c9b27"', '"v=spf1 mx include:_spf.faraway.example ~all"']
DEPLOY = """
    from pyinfra import host, state
    from deploys.host.inventory import MAIL, fleet_of
    from deploys.mail.records import HostFacts
    from deploys.zones.operations import zones_published

    fleet = fleet_of(state.inventory)
    if MAIL in host.groups:
        zones_published(name="Publish", fleet=fleet, facts_of=lambda member: HostFacts())
"""
INVENTORY = """
    from deploys.lab.inventory import dns, hosts, resolvers
    from deploys.mail.secret import env

    mail = (
        [(name, data | {{"mail_dns": dns("{lab}") | {{{changes}}}}}) for name, data in {hosts}],
        {{"mail_resolvers": resolvers("{lab}"), "mail_dns_timeout": 20}},
    )
"""

HOSTS = f'hosts("{NAME}", "mail")'
NS, NOBODY = LAB.address("ns"), str(LAB.lab.network4[50])

RecordSets = dict[tuple[str, str], tuple[int, list[str]]]


class PowerDns:
    """The name server's zones, seen and changed past everything that is tested here."""

    def __init__(self, lab: Raised) -> None:
        self.address = lab.address("ns")
        self.key = (state.directory(lab.name) / "api-key").read_text().strip()

    def held(self, zone: str) -> RecordSets:
        return {
            (found["name"].rstrip("."), found["type"]): (
                found["ttl"],
                sorted(record["content"] for record in found["records"]),
            )
            for found in self._call("GET", zone)["rrsets"]
            if found["type"] != "SOA"  # its serial is the server's
        }

    def replace(self, zone: str, name: str, kind: str, ttl: int, contents: Sequence[str]) -> None:
        records = [{"content": content, "disabled": False} for content in contents]
        how = "REPLACE" if contents else "DELETE"
        changed = {"name": f"{name}.", "type": kind, "ttl": ttl, "changetype": how}
        self._call("PATCH", zone, {"rrsets": [changed | {"records": records}]})

    def restore(self, zone: str, wanted: RecordSets) -> None:
        for (name, kind), (ttl, _) in self.held(zone).items():
            if (name, kind) not in wanted:
                self.replace(zone, name, kind, ttl, [])
        for (name, kind), (ttl, contents) in wanted.items():
            self.replace(zone, name, kind, ttl, contents)

    def _call(self, method: str, zone: str, body: Any = None) -> Any:
        url = f"http://{self.address}:{API_PORT}/api/v1/servers/localhost/zones/{zone}."
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, {"X-API-Key": self.key}, method=method)
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - the lab's own server
            text = answer.read()
        return json.loads(text) if text else None

    def answer(self, name: str, kind: str) -> list[str]:
        query = dns.message.make_query(f"{name}.", kind)
        answer = dns.query.tcp(query, self.address, timeout=5)
        wanted = dns.rdatatype.from_text(kind)
        found = [rrset for rrset in answer.answer if rrset.rdtype == wanted]
        return sorted(str(record) for rrset in found for record in rrset)


@pytest.fixture
def powerdns(lab: Raised) -> Iterator[PowerDns]:
    """The name server with its zones as the lab starts with them, and as they were afterwards."""
    server = PowerDns(lab)
    saved = {zone: server.held(zone) for zone in (HARBOR, ORCHARD)}
    for zone, held in saved.items():
        foreign = {key: value for key, value in held.items() if not _is_ours(key)}
        server.restore(zone, foreign)
    server.replace(HARBOR, HARBOR, "TXT", 3600, BEFORE)
    yield server
    for zone, held in saved.items():
        server.restore(zone, held)


def _is_ours(key: tuple[str, str]) -> bool:
    name, kind = key
    return (
        kind == "MX"
        or name.startswith(("mx1.", "mx2.", "_dmarc."))
        or (name, kind) == (ORCHARD, "TXT")
    )


@pytest.fixture
def deploy(tmp_path: Path, lab: Raised) -> Any:
    """Runs the zones' operation alone, as an operator would, with changes to `mail_dns`."""
    assert lab
    (tmp_path / "zones.py").write_text(textwrap.dedent(DEPLOY))

    def run(
        *arguments: str, changes: str = "", hosts: str = HOSTS, **env: str
    ) -> subprocess.CompletedProcess[str]:
        inventory = tmp_path / "inventory.py"
        inventory.write_text(
            textwrap.dedent(INVENTORY.format(changes=changes, hosts=hosts, lab=NAME))
        )
        deploy = str(tmp_path / "zones.py")
        return subprocess.run(
            [sys.executable, "-m", "pyinfra", str(inventory), deploy, *arguments],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def foreign(held: RecordSets) -> RecordSets:
    return {key: value for key, value in held.items() if key not in OURS}


def test_a_dry_run_shows_the_plan_and_writes_nothing(powerdns: PowerDns, deploy: Any) -> None:
    before = powerdns.held(HARBOR)
    done = deploy("--dry")

    assert done.returncode == 0, done.stdout
    assert "+ MX harbor.example 10 mx1.harbor.example.  (who receives mail" in done.stdout
    assert f"~ TXT harbor.example {BEFORE[1]} -> {AFTER[1]}  (SPF" in done.stdout
    assert powerdns.held(HARBOR) == before


def test_the_plan_is_in_the_json_of_a_dry_run(powerdns: PowerDns, deploy: Any) -> None:
    assert powerdns
    output = deploy("--dry", "--json").stdout
    plan = json.loads(next(line for line in output.splitlines() if line.startswith("{")))["plan"]

    assert sum(line.startswith("+ MX ") for line in plan[0]["args"]) == 2


def test_what_is_published_is_answered_and_everything_foreign_is_still_there(
    powerdns: PowerDns, deploy: Any
) -> None:
    before = powerdns.held(HARBOR)
    done = deploy("-y")

    assert done.returncode == 0, done.stdout
    assert powerdns.answer(HARBOR, "MX") == ["10 mx1.harbor.example."]
    assert powerdns.answer(HARBOR, "TXT") == AFTER
    assert powerdns.answer("_dmarc.harbor.example", "TXT") == ['"v=DMARC1; p=none"']
    assert powerdns.answer("mx1.harbor.example", "A") == [LAB.address("mx1")]
    assert powerdns.answer("mx2.orchard.example", "AAAA") == [
        str(LAB.lab.address6(LAB.host("mx2")))
    ]
    assert foreign(powerdns.held(HARBOR)) == foreign(before)
    assert ("www.harbor.example", "CNAME") in before or ("www.harbor.example", "A") in before


def test_publishing_again_changes_nothing(powerdns: PowerDns, deploy: Any) -> None:
    deploy("-y")
    before = powerdns.held(HARBOR), powerdns.answer(HARBOR, "SOA")
    done = deploy("-y")

    assert done.returncode == 0, done.stdout
    assert "Success" not in done.stdout.partition("--> Results:")[0]
    assert (powerdns.held(HARBOR), powerdns.answer(HARBOR, "SOA")) == before


def test_odd_texts_of_others_are_answered_as_before(powerdns: PowerDns, deploy: Any) -> None:
    odd = [
        '"a\\"b"',
        '"x; y;z"',
        '"back\\\\slash"',
        '"\\195\\164"',
        '""',
        f'"{"k" * 255}" "{"k" * 99}"',
    ]
    powerdns.replace(HARBOR, HARBOR, "TXT", 120, [*BEFORE, *odd])
    texts = set(powerdns.answer(HARBOR, "TXT")) - {BEFORE[1]}
    done = deploy("-y")

    assert done.returncode == 0, done.stdout
    assert set(powerdns.answer(HARBOR, "TXT")) == texts | {AFTER[1]}
    assert powerdns.held(HARBOR)[HARBOR, "TXT"][0] == 120


BAD = [
    ('"api_key": env("BAD_KEY")', f"powerdns at {NS} refuses our credentials; correct the"),
    (
        '"api_key": env("NO_KEY")',
        'the secret env("NO_KEY") is not set: export NO_KEY before the run',
    ),
    ('"port": 9', "cannot be reached (Connection refused); see that it runs"),
    (f'"host": "{NOBODY}", "timeout": 1', f"powerdns at {NOBODY}"),
    ('"api_keys": 1', "octodns_powerdns.PowerDnsProvider has no key api_keys"),
]


@pytest.mark.parametrize("arguments", [("--dry",), ("-y",)])
@pytest.mark.parametrize(
    ("changes", "words"), BAD, ids=["wrong", "missing", "port", "nobody", "unknown"]
)
def test_a_wrong_mail_dns_is_one_sentence_and_no_success(
    changes: str, words: str, arguments: tuple[str, ...], powerdns: PowerDns, deploy: Any
) -> None:
    before = powerdns.held(HARBOR)
    done = deploy(*arguments, changes=changes, BAD_KEY="wrong-sesame")

    assert done.returncode == 1, done.stdout
    assert done.stdout.count(words) == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert "wrong-sesame" not in done.stdout
    assert powerdns.key not in done.stdout
    assert powerdns.held(HARBOR) == before


def test_an_edit_between_our_read_and_our_write_stops_the_write_and_survives(
    powerdns: PowerDns, lab: Raised
) -> None:
    host = dict(hosts(lab.name, "mail"))["mx1"]
    records = records_for(fleet_from({"mx1": host}, {}), {"mx1"})
    planned = plan(load(lab_dns(lab.name)), HARBOR, records)
    powerdns.replace(HARBOR, HARBOR, "TXT", 3600, [*BEFORE, '"third-party=1"'])

    with pytest.raises(MailError, match=r"else changed TXT harbor\.example during this run"):
        apply(planned)
    assert powerdns.held(HARBOR)[HARBOR, "TXT"][1] == sorted([*BEFORE, '"third-party=1"'])
    assert (HARBOR, "MX") not in powerdns.held(HARBOR)


ELSEWHERE = f"""[
        (name, data | {{"mail_domains": ["absent.example"], "mail_accounts": {{}}}})
        if name == "mx2"
        else (name, data)
        for name, data in hosts("{NAME}", "mail")
    ]"""


def test_a_zone_that_the_provider_does_not_have_stops_its_host_and_no_other(
    powerdns: PowerDns, deploy: Any
) -> None:
    done = deploy("-y", hosts=ELSEWHERE)

    assert done.stdout.count(f"absent.example: powerdns at {NS} has no zone for it") == 1
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert powerdns.answer(HARBOR, "MX") == ["10 mx1.harbor.example."]


def test_a_run_with_a_zone_that_is_not_there_stops_before_anything_is_done(
    powerdns: PowerDns, deploy: Any
) -> None:
    before = powerdns.held(HARBOR)
    done = deploy("--dry", hosts=ELSEWHERE)

    assert done.returncode == 1
    assert "create it there, point mail_dns at the provider that has it" in done.stdout
    assert powerdns.held(HARBOR) == before


def test_an_address_of_somebody_else_at_a_hosts_name_is_refused(
    powerdns: PowerDns, deploy: Any
) -> None:
    powerdns.replace(HARBOR, "mx1.harbor.example", "A", 60, [NOBODY])
    done = deploy("--dry")

    assert done.returncode == 1
    assert f"mx1.harbor.example has the A {NOBODY}, which is not in the host's" in done.stdout
    assert powerdns.answer("mx1.harbor.example", "A") == [NOBODY]
