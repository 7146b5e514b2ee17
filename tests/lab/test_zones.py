"""The zones of a real PowerDNS, and the output that an operator sees."""

import json
import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import dns.message
import dns.query
import dns.rdatatype
import dns.zonefile
import pytest

from deploys.dns.lookups import lookup_by
from deploys.lab import state
from deploys.lab.inventory import API_PORT, hosts, resolvers
from deploys.lab.inventory import dns as lab_dns
from deploys.mail.caa import LETS_ENCRYPT
from deploys.mail.dkim_rotation import Published
from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.zones.apply import apply
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.loader import load
from tests.lab.labs import NAME, Done, Raised
from tests.lab.runs import LAB, forked, pyinfra
from tests.zones.scenario import run_scenario

ROOT = Path(__file__).parents[2]
HARBOR, ORCHARD = "harbor.example", "orchard.example"
OURS = [
    ("mx1.harbor.example", "A"),
    ("mx1.harbor.example", "AAAA"),
    (HARBOR, "MX"),
    (HARBOR, "TXT"),
    ("mx1.harbor.example", "TXT"),
    ("_dmarc.harbor.example", "TXT"),
    ("_pyinfra-mail.harbor.example", "TXT"),
]
SERVICES = ("submissions", "submission", "imaps", "imap", "pop3s", "pop3")
OURS += [(f"_{service}._tcp.harbor.example", "SRV") for service in SERVICES]
BEFORE = ['"site-verification=5d1c9b27"', '"v=spf1 include:_spf.faraway.example ~all"']
AFTER = ['"site-verification=5d1c9b27"', '"v=spf1 mx include:_spf.faraway.example ~all"']
DEPLOY = """
    from pyinfra import host, state
    from deploys.host.inventory import MAIL, fleet_of
    from deploys.mail.records import HostFacts
    from deploys.zones.operations import zones_published
    from tests.zones.scenario import facts_of_hosts

    fleet = fleet_of(state.inventory)
    facts = facts_of_hosts("mx1", "mx2") if host.data.get("reported") else {}
    if MAIL in host.groups:
        zones_published(
            name="Publish",
            fleet=fleet,
            facts_of=lambda member: facts.get(member.inventory_name, HostFacts()),
        )
"""
INVENTORY = """
    from deploys.lab.inventory import dns, hosts, resolvers
    from deploys.mail.settings.secret import env

    mail = (
        [(name, {{"mail_dns": dns("{lab}") | {{{changes}}}}} | data) for name, data in {hosts}],
        {{"mail_resolvers": resolvers("{lab}"), "mail_dns_timeout": 20}},
    )
"""

HOSTS = f'hosts("{NAME}", "mail")'
NS, NOBODY = LAB.address("ns"), str(LAB.lab.network4[50])

RecordSets = dict[tuple[str, str], tuple[int, list[str]]]


class PowerDns:
    """The name server's zones, read and changed without the code under test."""

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
    """The name server with the zones of the lab, which are restored afterwards."""
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
        kind in ("MX", "SRV")
        or name.startswith(("mx1", "mx2", "_dmarc.", "_pyinfra-mail."))
        or (name, kind) == (ORCHARD, "TXT")
    )


@pytest.fixture
def deploy(tmp_path: Path, lab: Raised) -> Any:
    """Runs the zones' operation alone, as an operator would, with changes to `mail_dns`."""
    assert lab
    (tmp_path / "zones.py").write_text(textwrap.dedent(DEPLOY))

    def run(
        *arguments: str,
        changes: str = "",
        hosts: str = HOSTS,
        script: Path = tmp_path / "zones.py",
        **env: str,
    ) -> Done:
        inventory = tmp_path / "inventory.py"
        inventory.write_text(
            textwrap.dedent(INVENTORY.format(changes=changes, hosts=hosts, lab=NAME))
        )
        return forked(ROOT, (str(inventory), str(script), *arguments), os.environ | env)

    return run


def foreign(held: RecordSets) -> RecordSets:
    return {key: value for key, value in held.items() if key not in OURS}


def test_a_dry_run_shows_the_plan_and_writes_nothing(powerdns: PowerDns, deploy: Any) -> None:
    before = powerdns.held(HARBOR)
    done = deploy("--dry")

    assert done.returncode == 0, done.stdout
    assert "+ MX harbor.example 10 mx1.harbor.example.  (the mail hosts of" in done.stdout
    assert f"~ TXT harbor.example {BEFORE[1]} -> {AFTER[1]}  (SPF" in done.stdout
    assert powerdns.held(HARBOR) == before


def test_the_plan_is_in_the_json_of_a_dry_run(powerdns: PowerDns, deploy: Any) -> None:
    assert powerdns
    output = deploy("--dry", "--json").stdout
    plan = json.loads(next(line for line in output.splitlines() if line.startswith("{")))["plan"]

    assert sum(line.startswith("+ MX ") for line in plan[0]["args"]) == 2


def test_published_records_are_answered_and_those_of_others_stay(
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
    assert powerdns.answer("mx1.harbor.example", "TXT") == ['"v=spf1 a -all"']
    assert powerdns.answer("_submissions._tcp.harbor.example", "SRV") == [
        "0 1 465 mx1.harbor.example."
    ]
    assert powerdns.answer("_imap._tcp.harbor.example", "SRV") == ["0 0 0 ."]
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
    ('"port": 9', "cannot be reached (Connection refused); check that it runs"),
    (f'"host": "{NOBODY}", "timeout": 1', f"powerdns at {NOBODY}"),
    ('"hosts": 1', "octodns_powerdns.PowerDnsProvider has no key hosts"),
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
    own = [record for record in records if record.name.endswith(HARBOR)]
    planned = plan(load(lab_dns(lab.name)), HARBOR, own)
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


def test_a_run_with_a_missing_zone_stops_before_any_change(powerdns: PowerDns, deploy: Any) -> None:
    before = powerdns.held(HARBOR)
    done = deploy("--dry", hosts=ELSEWHERE)

    assert done.returncode == 1
    assert "create it there, point mail_dns at the provider that has it" in done.stdout
    assert powerdns.held(HARBOR) == before


def test_a_foreign_address_at_a_hosts_name_is_refused(powerdns: PowerDns, deploy: Any) -> None:
    powerdns.replace(HARBOR, "mx1.harbor.example", "A", 60, [NOBODY])
    done = deploy("--dry")

    assert done.returncode == 1
    assert f"mx1.harbor.example has the A {NOBODY}, which is not in the host's" in done.stdout
    assert powerdns.answer("mx1.harbor.example", "A") == [NOBODY]


ACCOUNT = "https://acme-v02.api.letsencrypt.org/acme/acct/17"
EVERYTHING: dict[str, Any] = {
    "mail_tls": "acme",
    "mail_acme_directory": LETS_ENCRYPT,
    "mail_dmarc": "quarantine",
    "mail_dmarc_reports": "dmarc@harbor.example",
    "mail_tls_rpt": "https://reports.faraway.example/tls",
    "mail_bimi": "https://www.harbor.example/logo.svg",
    "mail_silent_domains": ["quiet.harbor.example"],
}
KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" + "MIIBCgKCAQEA" * 30 + "IDAQAB=="
LONGER = {
    ("mx1.harbor.example", "CAA"): [f'0 issue "letsencrypt.org; accounturi={ACCOUNT}"'],
    ("_dmarc.harbor.example", "TXT"): [
        '"v=DMARC1; p=quarantine; fo=1; rua=mailto:dmarc@harbor.example"',
        '"verify=1"',
    ],
    ("_smtp._tls.harbor.example", "TXT"): [
        '"v=TLSRPTv1; rua=https://reports.faraway.example/tls"',
    ],
    ("default._bimi.harbor.example", "TXT"): [
        '"v=BIMI1; l=https://www.harbor.example/logo.svg"',
    ],
    ("mx1-rsa._domainkey.harbor.example", "TXT"): [
        f'"{f"v=DKIM1; k=rsa; p={KEY}"[:255]}" "{f"v=DKIM1; k=rsa; p={KEY}"[255:]}"'
    ],
    ("quiet.harbor.example", "MX"): ["0 ."],
    ("quiet.harbor.example", "TXT"): ['"v=spf1 -all"'],
    ("any._domainkey.quiet.harbor.example", "TXT"): ['"v=DKIM1; p="'],
    ("_dmarc.quiet.harbor.example", "TXT"): ['"v=DMARC1; p=reject"'],
}


def planned(lab: Raised, zone: str = HARBOR, **data: Any) -> ZonePlan:
    """Plan the records of mx1 in a zone, in this process."""
    host = dict(hosts(lab.name, "mail"))["mx1"]
    key = Published("mx1-rsa", f"v=DKIM1; k=rsa; p={KEY}", "current")
    facts = {"mx1": HostFacts(dkim=(key,), acme_account=ACCOUNT)}
    records = records_for(fleet_from({"mx1": {**host, **data}}, {}), {"mx1"}, facts)
    own = [record for record in records if record.name.endswith(zone)]
    return plan(load(lab_dns(lab.name)), zone, own, lookup=lookup_by(resolvers(lab.name)))


def test_every_kind_of_record_is_taken_answered_and_not_planned_again(
    powerdns: PowerDns, lab: Raised
) -> None:
    theirs = ['"v=DMARC1; p=none; fo=1"', '"verify=1"']
    for name, kind in LONGER:  # other tests of this lab may have published some
        powerdns.replace(HARBOR, name, kind, 60, [])
    powerdns.replace(HARBOR, "_dmarc.harbor.example", "TXT", 60, theirs)
    powerdns.replace(HARBOR, "*.harbor.example", "TXT", 60, ['"anything"'])
    before = powerdns.held(HARBOR)
    first = planned(lab, **EVERYTHING)
    apply(first)

    assert {key: powerdns.answer(*key) for key in LONGER} == LONGER
    assert 'TXT *.harbor.example "anything" is a wildcard' in first.notes[0]
    assert planned(lab, **EVERYTHING).changes == ()
    after = powerdns.held(HARBOR)
    theirs_alone = {key for key in before if key not in OURS and key not in LONGER}
    assert {key: after[key] for key in theirs_alone} == {key: before[key] for key in theirs_alone}
    assert {(HARBOR, "NS"), ("*.harbor.example", "TXT")} <= theirs_alone


def test_pointers_are_kept_as_their_zone_has_them(lab: Raised) -> None:
    reverse = ".".join(LAB.address("mx1").split(".")[2::-1]) + ".in-addr.arpa"
    powerdns = PowerDns(lab)
    before = powerdns.held(reverse)

    assert before[f"11.{reverse}", "PTR"][1] == ["mx1.harbor.example."]
    assert planned(lab, reverse).changes == ()
    assert powerdns.held(reverse) == before


def test_an_spf_policy_is_counted_through_what_others_include(
    powerdns: PowerDns, lab: Raised
) -> None:
    chain = [f"p{number}.orchard.example" for number in range(10)]
    for name, following in zip(chain, [*chain[1:], "_spf.faraway.example"], strict=True):
        policy = f'"v=spf1 include:{following} -all"'
        powerdns.replace(ORCHARD, name, "TXT", 60, [policy])
    powerdns.replace(HARBOR, HARBOR, "TXT", 60, ['"v=spf1 include:p0.orchard.example -all"'])
    before = powerdns.held(HARBOR)

    with pytest.raises(MailError, match=r"12 DNS lookups where 10.*include:p0\.orchard.* \(11\)"):
        planned(lab)
    assert powerdns.held(HARBOR) == before

    powerdns.replace(HARBOR, HARBOR, "TXT", 60, ['"v=spf1 include:p2.orchard.example -all"'])
    apply(planned(lab))
    assert powerdns.answer(HARBOR, "TXT") == ['"v=spf1 mx include:p2.orchard.example -all"']


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ((HARBOR, "TXT"), ['"v=spf1 -all"', '"v=spf1 a -all"'], "2 SPF policies are published"),
        (
            ("mx1.harbor.example", "CNAME"),
            ["www.harbor.example."],
            "but the name is a CNAME",
        ),
        (("mx1.harbor.example", "CAA"), ['0 issue ";"'], 'CAA 0 issue ";", so no authority'),
        (("_dmarc.harbor.example", "TXT"), ['"v=DMARC1; p=block"'], "p=block: write none or"),
        (("quiet.harbor.example", "MX"), ["10 mx.b.example."], "in mail_silent_domains, but has"),
        ((HARBOR, "MX"), ["10 mx.b.example."], "with the same preference as ours"),
    ],
)
def test_a_decision_of_the_owner_is_refused_and_nothing_is_written(
    key: tuple[str, str], values: list[str], words: str, powerdns: PowerDns, lab: Raised
) -> None:
    powerdns.replace(HARBOR, *key, 60, values)
    before = powerdns.held(HARBOR)

    with pytest.raises(MailError) as error:
        planned(lab, **EVERYTHING)

    assert words in str(error.value)
    assert powerdns.held(HARBOR) == before


ZONE = ROOT / "deploys" / "zone.py"
RUN = re.compile(r"zone_restore=(\S+)")
ONE = f'[member for member in hosts("{NAME}", "mail") if member[0] == "mx1"]'
REPORTED = ("-y", "--data", "reported=yes")


def test_a_zone_is_unchanged_after_its_mail_has_left(
    powerdns: PowerDns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = load(lab_dns(NAME))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    powerdns.replace(HARBOR, HARBOR, "MX", 77, ["5 mx.faraway.example."])

    run_scenario(provider, HARBOR, lambda: powerdns.held(HARBOR))


def test_the_zones_alone_are_planned_with_the_facts_of_the_hosts(powerdns: PowerDns) -> None:
    before = powerdns.held(HARBOR)
    shown = pyinfra("deploys/zone.py", "--dry")

    assert shown.returncode == 0, shown.stdout
    assert "+ MX harbor.example 10 mx1.harbor.example.  (the mail hosts of" in shown.stdout
    assert powerdns.held(HARBOR) == before


def test_the_plan_says_where_the_mail_of_a_domain_in_use_goes(powerdns: PowerDns) -> None:
    powerdns.replace(HARBOR, HARBOR, "MX", 77, ["5 mx.faraway.example."])
    shown = pyinfra("deploys/zone.py", "--dry")

    assert shown.returncode == 0, shown.stdout
    assert (
        "mail goes to mx.faraway.example (MX 5) now, and after this run to mx.faraway.example "
        "first, and to mx1.harbor.example if that fails"
    ) in shown.stdout


def test_a_run_is_restored_by_its_id_but_not_record_sets_changed_since(
    powerdns: PowerDns, deploy: Any
) -> None:
    before = powerdns.held(HARBOR), powerdns.held(ORCHARD)
    found = RUN.search(deploy("-y").stdout)
    assert found
    restore = ("--data", f"zone_restore={found[1]}")
    powerdns.replace(HARBOR, "_dmarc.harbor.example", "TXT", 60, ['"v=DMARC1; p=reject"'])

    shown = deploy("--dry", *restore, script=ZONE)
    assert "- MX harbor.example 10 mx1.harbor.example.  (as it was before the run" in shown.stdout
    assert powerdns.answer(HARBOR, "MX") == ["10 mx1.harbor.example."]

    done = deploy("-y", *restore, script=ZONE)
    assert done.returncode == 0, done.stdout
    assert "somebody has changed TXT _dmarc.harbor.example since the run wrote it" in done.stdout
    assert powerdns.answer("_dmarc.harbor.example", "TXT") == ['"v=DMARC1; p=reject"']

    deploy("-y", *restore, "--data", "zone_overwrite=yes", script=ZONE)
    assert (powerdns.held(HARBOR), powerdns.held(ORCHARD)) == before


def test_records_of_a_domain_that_left_are_deleted_within_the_limits(
    powerdns: PowerDns, deploy: Any
) -> None:
    before = powerdns.held(ORCHARD)
    assert deploy(*REPORTED).returncode == 0
    assert powerdns.answer(ORCHARD, "MX") == ["10 mx2.orchard.example."]

    refused = deploy(*REPORTED, "--data", "mail_zone_deletes=9", hosts=ONE)
    assert refused.returncode == 1
    assert "mail_zone_deletes allows 9; nothing was written there" in refused.stdout
    assert powerdns.answer(ORCHARD, "MX") == ["10 mx2.orchard.example."]

    done = deploy(*REPORTED, "--data", "mail_zone_deletes=20", hosts=ONE)
    assert done.returncode == 0, done.stdout
    assert "- MX orchard.example 10 mx2.orchard.example.  (ours, and the inventory" in done.stdout
    assert powerdns.held(ORCHARD) == before
    assert powerdns.answer(HARBOR, "MX") == ["10 mx1.harbor.example."]


BY_HAND = f"""[
        (name, data | {{"mail_dns": {{"class": "manual"}}, "mail_dns_timeout": 1}})
        for name, data in hosts("{NAME}", "mail")
    ]"""


def test_records_by_hand_are_shown_waited_for_and_then_not_mentioned(
    powerdns: PowerDns, deploy: Any
) -> None:
    shown = deploy("-y", hosts=BY_HAND)
    assert shown.returncode == 1
    assert "name servers answer without records of the list" in shown.stdout
    assert "The run ends here, and goes on from here" in shown.stdout
    assert "No hosts remaining" not in shown.stdout
    assert "Traceback" not in shown.stdout
    lines = [line.strip() for line in shown.stdout.splitlines() if " IN " in line]
    for wanted in dns.zonefile.read_rrsets("\n".join(lines), rdclass=None):
        name, kind = str(wanted.name).rstrip("."), dns.rdatatype.to_text(wanted.rdtype)
        zone = HARBOR if name.endswith(HARBOR) else ORCHARD
        powerdns.replace(zone, name, kind, wanted.ttl, [str(value) for value in wanted])

    done = deploy("-y", hosts=BY_HAND)
    assert done.returncode == 0, done.stdout
    assert powerdns.answer(HARBOR, "TXT") == AFTER
    assert "by hand" not in done.stdout
    assert "Success" not in done.stdout.partition("--> Results:")[0]
