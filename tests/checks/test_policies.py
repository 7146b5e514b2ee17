"""Policies in the DNS: TLS-RPT, MTA-STS, and receivers of DMARC reports."""

import pytest
from hypothesis import given, settings

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.target import Scope
from deploys.checks.core.world import Answer, Page, RefusedError, UnansweredError, World
from deploys.checks.dns import dmarc, dmarc_reports, dmarc_subdomains, mta_sts, tls_rpt
from deploys.mail.mta_sts import Mode, Policy
from tests.checks.cases.dns_policies import POLICY, announcing, reported
from tests.checks.worlds import Gone, Pages, Zone, fleet, target
from tests.mail.test_octets import OCTETS

OK, INFO, WARNING = Severity.OK, Severity.INFO, Severity.WARNING
ERROR, UNKNOWN = Severity.ERROR, Severity.UNKNOWN
URI = "mailto:tls@harbor.example"
REPORTS = f"v=TLSRPTv1; rua={URI}"


@pytest.mark.parametrize(
    ("wanted", "values", "severity"),
    [
        ((), [], INFO),
        ((), [REPORTS], OK),
        ((URI,), [REPORTS, "site-verification=1"], OK),
        ((), ["v=TLSRPTv1; rua=https://harbor.example/tls,mailto:a@harbor.example"], OK),
        ((URI,), [], ERROR),
        ((URI,), ["v=TLSRPTv1; rua=mailto:other@harbor.example"], ERROR),
        ((), [REPORTS, REPORTS], ERROR),
        ((), ["v=TLSRPTv1"], ERROR),
        ((), ["v=TLSRPTv1; rua=ftp://harbor.example"], ERROR),
        ((), ["v=TLSRPTv1; \x00\xff;;=="], ERROR),
        ((), ["v = TLSRPTv1; rua=mailto:a@harbor.example"], ERROR),  # senders discard it
        ((), ["V=TLSRPTv1; rua=mailto:a@harbor.example"], ERROR),
        ((), ["v=TLSRPTv1, rua=mailto:a@harbor.example"], ERROR),
        ((URI,), [REPORTS, "v=tlsrptv1; rua=mailto:a@harbor.example"], OK),
        ((URI,), ["v=TLSRPTv1; rua=https://harbor.example/; rua=" + URI], OK),
        ((URI,), [f"{REPORTS} mailto:a@harbor.example"], ERROR),
        ((), ["v=TLSRPTv1; rua=mailto:"], ERROR),
        ((), ["v=TLSRPTv1; rua=mailto:nobody"], ERROR),
        ((), ["v=TLSRPTv2; rua=mailto:a@harbor.example"], INFO),
    ],
)
def test_each_tls_rpt_policy_has_its_severity(
    wanted: tuple[str, ...], values: list[str], severity: Severity
) -> None:
    finding = tls_rpt.finding("harbor.example", wanted, Answer("ns", tuple(values)))

    assert finding.severity is severity
    assert finding.fix or severity is OK


def test_servers_that_cannot_be_asked_leave_tls_rpt_unknown() -> None:
    gone = Zone({("_smtp._tls.harbor.example", "TXT"): [Answer("ns", problem="timed out")]})
    for zone in (gone, Zone({})):
        here = World(None, zone, Pages({}))  # type: ignore[arg-type]

        assert [one.severity for one in tls_rpt.policies(fleet(), here)] == [UNKNOWN]


MX1, MX2 = "mx1.harbor.example", "mx2.harbor.example"
ID = "v=STSv1; id=20261125T0900;"


def text(mode: str, *lines: str, max_age: str = "86400") -> str:
    return "\r\n".join(["version: STSv1", f"mode: {mode}", *lines, f"max_age: {max_age}", ""])


@pytest.mark.parametrize(
    ("wanted", "values", "severity"),
    [
        (None, [], INFO),
        ("none", [], INFO),
        ("testing", [], ERROR),
        ("enforce", ["site-verification=1"], ERROR),
        (None, [ID], OK),
        ("enforce", [ID, "site-verification=1"], OK),
        ("enforce", [ID, ID], ERROR),
        (None, ["v=STSv1 ;x=y; id=7"], OK),
        (None, ["v=STSv1;"], ERROR),
        (None, ["v=STSv1; id=2026-11-25;"], ERROR),
        (None, ["v=STSv1; \x00" + "x" * 9999], ERROR),
        (None, ["v = STSv1; id=7"], ERROR),  # senders discard it
        (None, ["v=stsv1; id=7"], ERROR),
        (None, ["v=STSv1; id=7; new="], ERROR),
        (None, ["v=STSv1; id=7;;"], ERROR),
        (None, ["v=STSv1; id = 7"], ERROR),
        (None, [ID, "v = STSv1; id=7"], OK),
        (None, ["v=STSv2; id=7"], INFO),
    ],
)
def test_each_announcement_has_its_severity(
    wanted: Mode | None, values: list[str], severity: Severity
) -> None:
    finding = mta_sts.announcement("harbor.example", wanted, Answer("ns", tuple(values)))

    assert finding.severity is severity
    assert finding.fix or severity is OK
    assert len(finding.saw + finding.fix) < 700


@pytest.mark.parametrize(
    ("wanted", "page", "severity"),
    [
        ("enforce", Page(200, "text/plain", str(Policy.of("enforce", [MX1, MX2]))), OK),
        (None, Page(200, "text/plain", text("enforce", "mx: *.harbor.example")), OK),
        (None, Page(200, "text/plain", text("testing", f"mx: {MX1}", f"mx: {MX2}")), OK),
        ("none", Page(200, "text/plain", text("none")), OK),
        (None, Page(200, "text/plain", text("none")), OK),
        (None, Page(200, "text/plain", text("enforce", f"mx: {MX1}")), ERROR),
        (None, Page(200, "text/plain", text("testing", f"mx: {MX1}")), WARNING),
        (None, Page(200, "text/plain", text("enforce", "mx: *.example")), ERROR),
        ("enforce", Page(200, "text/plain", text("testing", "mx: *.harbor.example")), WARNING),
        ("testing", Page(200, "text/plain", text("enforce", "mx: *.harbor.example")), ERROR),
        ("none", Page(200, "text/plain", text("testing", "mx: *.harbor.example")), ERROR),
        (
            None,
            Page(200, "text/plain", text("enforce", "mx: *.harbor.example", max_age="60")),
            WARNING,
        ),
        (None, Page(200, "text/plain", text("enforce", "mx: a", max_age="99999999")), ERROR),
        (None, Page(200, "text/plain", text("enforce")), ERROR),
        (None, Page(200, "text/plain", text("enforce", f"mx: {MX1}", f"mx: {MX2}.")), ERROR),
        (None, Page(200, "text/plain", text("enforce", f"mx: {MX1}", f"mx: {MX2}", "")), ERROR),
        (None, Page(200, "text/plain", text("testing", "mx: *.harbor.example", "x:")), ERROR),
        (None, Page(200, "text/plain", text("testing", "mx: *.harbor.example", "_x: 1")), ERROR),
        (None, Page(200, "text/plain", text("perhaps", f"mx: {MX1}")), ERROR),
        (None, Page(200, "text/html", str(Policy.of("enforce", [MX1, MX2]))), ERROR),
        (None, Page(404, "text/plain", "not found"), ERROR),
        (None, Page(301, "text/plain", "", "https://harbor.example/"), ERROR),
        (None, Page(200, "text/plain", "\x00\ufffd" * 30_000), ERROR),
        (None, Page(200, "x" * 9999, ""), ERROR),
        (
            None,
            Page(200, "text/plain", text("testing", *(f"mx: {n}" for n in range(9999)))),
            WARNING,
        ),
    ],
)
def test_each_policy_has_its_severity(wanted: Mode | None, page: Page, severity: Severity) -> None:
    expected = mta_sts.ExpectedPolicy("harbor.example", wanted, (MX1, MX2))

    finding = mta_sts.served(expected, "192.0.2.1", page)

    assert finding.severity is severity
    assert finding.fix or severity is OK
    assert len(finding.saw + finding.fix) < 900


class Failing(Pages):
    """A web in which nothing can be fetched, for one reason."""

    def __init__(self, problem: UnansweredError) -> None:
        super().__init__({})
        self._problem = problem

    def get(self, url: str, limit: float, address: str = "") -> Page:  # noqa: ARG002
        raise self._problem


def of_policy(zone: Zone, web: Pages, ours: Scope) -> list[Severity]:
    here = World(None, zone, web)  # type: ignore[arg-type]
    return [one.severity for one in mta_sts.policies(ours, here)]


def test_a_policy_is_fetched_only_where_one_is_announced_or_wanted() -> None:
    never = Failing(RefusedError("it should not be asked"))
    wanting = fleet({"mail_mta_sts": "testing", "mail_tls": "acme"})
    foreign = target()

    assert of_policy(announcing(), never, fleet()) == [INFO]
    assert of_policy(announcing(), never, foreign) == [INFO]
    assert of_policy(announcing(), never, wanting) == [ERROR, ERROR]
    assert of_policy(announcing(ID), never, foreign) == [OK, ERROR]


def test_a_policy_of_others_is_accepted_and_one_of_ours_must_be_withdrawn() -> None:
    policy = Policy.of("testing", [MX1])
    web = Pages({POLICY: Page(200, "text/plain", str(policy))})

    assert of_policy(announcing(ID), web, fleet()) == [OK, OK]
    assert of_policy(announcing(policy.announcement), web, fleet()) == [OK, ERROR]


def test_a_policy_that_cannot_be_reached_is_unknown_and_one_without_an_address_missing() -> None:
    silent = Failing(UnansweredError("timed out"))

    assert of_policy(announcing(ID), silent, fleet()) == [OK, UNKNOWN]
    assert of_policy(announcing(ID, address=""), silent, fleet()) == [OK, ERROR]
    assert of_policy(Gone(), silent, fleet()) == [UNKNOWN]


OURS, THEIRS = "mailto:dmarc@harbor.example", "mailto:dmarc@faraway.example!10m"


@pytest.mark.parametrize(
    ("tags", "consents", "severities"),
    [
        ("", [], [INFO]),
        (f"rua={OURS}", [], [OK]),
        ("rua=mailto:dmarc@lists.harbor.example", [], [OK]),
        (f"rua={THEIRS}", ["v=DMARC1"], [OK]),
        (f"ruf={THEIRS}", ["site-verification=1", "v=DMARC1; rua=mailto:x@faraway.example"], [OK]),
        (f"rua={OURS}, {THEIRS}; ruf={THEIRS}", ["v=DMARC1;"], [OK, OK]),
        (f"rua={THEIRS}", ["V = DMARC1 ; p=none"], [OK]),
        (f"rua={THEIRS}", ["v=DMARC1; p=all"], [OK]),  # p counts for nothing there
        (f"rua={THEIRS}", ["v=DMARC1; rua=mailto:x@elsewhere.example"], [WARNING]),
        (f"rua={THEIRS}", ["v=dmarc1"], [WARNING]),
        (f"rua={OURS},{THEIRS},mailto:x@harbor.example", ["v=DMARC1"], [INFO, OK, OK, OK]),
        (f"rua={THEIRS}", [], [WARNING]),
        (f"rua={OURS}; ruf={THEIRS}", ["v=DMARC2"], [OK, WARNING]),
        ("rua=mailto:dmarc@nowhere.example", [], [WARNING]),
        ("rua=mailto:dmarc@nomail.faraway.example", [], [WARNING]),
        ("rua=https://harbor.example/dmarc", [], [WARNING]),
        ("rua=dmarc@harbor.example", [], [WARNING]),
        ("rua=mailto:\x00\ufffd@" + "x" * 9999, [], [WARNING]),
        (
            "rua=" + ",".join(f"mailto:{n}@harbor.example" for n in range(999)),
            [],
            [INFO, *[OK] * 10],
        ),
    ],
)
def test_reports_go_to_receivers_that_consent(
    tags: str, consents: list[str], severities: list[Severity]
) -> None:
    zone = reported(f"v=DMARC1; p=none; {tags}", *consents)

    found = of_reports(zone, fleet())

    assert [one.severity for one in found] == severities
    assert all(one.fix or one.severity is OK for one in found)
    assert all(len(one.saw + one.fix) < 900 for one in found)


def of_reports(zone: Zone, ours: Scope) -> list[Finding]:
    here = World(None, zone, Pages({}))  # type: ignore[arg-type]
    return list(dmarc_reports.receivers(ours, here))


def test_reports_that_the_inventory_asks_for_are_missed() -> None:
    wanting = fleet({"mail_dmarc_reports": ["dmarc@harbor.example"]})

    (finding,) = of_reports(reported("v=DMARC1; p=none"), wanting)

    assert finding.severity is WARNING
    assert OURS in finding.fix


def test_reports_that_the_inventory_asks_for_and_others_get_are_missed() -> None:
    wanting = fleet({"mail_dmarc_reports": ["new@harbor.example"]})

    found = of_reports(reported(f"v=DMARC1; p=none; rua={OURS}"), wanting)

    assert [one.severity for one in found] == [WARNING, OK]
    assert "add mailto:new@harbor.example as rua to _dmarc.harbor.example" in found[0].fix


def tree(*policies: tuple[str, str], **more: tuple[str, ...]) -> Zone:
    """Return a DNS of the domain with policies at some names, and mail hosts of them."""
    texts = {(f"_dmarc.{name}", "TXT"): (policy,) for name, policy in policies}
    known = {("_dmarc.harbor.example", "TXT"): (), ("harbor.example", "MX"): ("10 mx1.",)} | texts
    known |= {(name.replace("__", "."), "TXT"): values for name, values in more.items()}
    return Zone({key: [Answer("ns", values)] for key, values in known.items()})


@pytest.mark.parametrize(
    ("zone", "severity", "words"),
    [
        (tree(("example", "v=DMARC1; p=reject")), OK, "at _dmarc.example applies and asks reject"),
        (tree(("example", "v=DMARC1; p=none; sp=quarantine; psd=y")), OK, "asks quarantine"),
        (tree(("example", "v=DMARC1")), ERROR, "no v=DMARC1 policy at _dmarc.harbor.example"),
        (tree(("example", "v=DMARC1; p=block")), ERROR, "no v=DMARC1 policy"),
        (tree(), ERROR, "no v=DMARC1 policy"),
        (
            tree(("harbor.example", "v = dmarc1; p=none"), ("example", "v=DMARC1; p=none")),
            ERROR,
            "v = dmarc1; p=none is no policy, and receivers ignore it",
        ),
        (
            tree(("harbor.example", "v=DMARC1; p=none"), ("example", "v=DMARC1; p=reject")),
            OK,
            "v=DMARC1; p=none",
        ),
    ],
)
def test_a_domain_without_a_policy_has_that_of_a_name_above(
    zone: Zone, severity: Severity, words: str
) -> None:
    here = World(None, zone, Pages({}))  # type: ignore[arg-type]
    (finding,) = dmarc.policies(fleet(), here)

    assert finding.severity is severity
    assert words in finding.saw


def test_a_policy_above_that_cannot_be_asked_for_is_unknown() -> None:
    class Half(Zone):
        def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
            raise UnansweredError(f"no answer about {rdtype} of {name}")

    zone = Half({("_dmarc.harbor.example", "TXT"): [Answer("ns", ())]})
    here = World(None, zone, Pages({}))  # type: ignore[arg-type]

    assert [one.severity for one in dmarc.policies(fleet(), here)] == [UNKNOWN]


@pytest.mark.parametrize(
    ("zone", "severities"),
    [
        # Reports follow the policy that applies; its domain needs the consent.
        (tree(("example", f"v=DMARC1; p=none; rua={OURS}")), [OK]),
        # Two names of one zone are of two organizations if the policy says so, or if none is above.
        (
            tree(
                ("harbor.example", "v=DMARC1; p=none; rua=mailto:d@a.harbor.example"),
                ("a.harbor.example", "v=DMARC1; p=none; psd=n"),
                **{"a.harbor.example": ()},
            ),
            [WARNING],
        ),
        (tree(("harbor.example", "v=DMARC1; p=none; rua=mailto:d@b.example")), [WARNING]),
        (tree(("harbor.example", "v=DMARC1; p=none; rua=")), [WARNING]),
        (tree(("harbor.example", f"v=DMARC1; p=none; rua={OURS} {OURS}")), [WARNING]),
        (tree(("harbor.example", f"v=DMARC1; p=none; rua={OURS},nobody")), [OK, WARNING]),
        (tree(("harbor.example", "v=DMARC1; p=none; ruf=mailto:nobody")), [WARNING]),
    ],
)
def test_reports_follow_the_policy_that_applies(zone: Zone, severities: list[Severity]) -> None:
    assert [one.severity for one in of_reports(zone, fleet())] == severities


@pytest.mark.parametrize(
    "zone", [Gone(), Zone({}), reported("v=DMARC1; p=perhaps")], ids=["gone", "none", "broken"]
)
def test_reports_of_no_policy_are_unknown(zone: Zone) -> None:
    assert [one.severity for one in of_reports(zone, fleet())] == [UNKNOWN]


@pytest.mark.parametrize(
    ("tags", "weaker"),
    [
        ("p=none", ""),
        ("p=none; sp=reject", ""),
        ("p=quarantine; sp=quarantine; np=reject", ""),
        ("p=none; sp=reject; np=none", ""),  # np is not weaker than p
        ("p=none; sp=reject; np=quarantine; t=y", ""),
        ("p=quarantine; sp=none", "sp"),
        ("p=Reject; sp=Quarantine", "sp"),
        ("p=reject; np=none", "np"),
        ("p=reject; sp=none; np=quarantine", "sp and np"),
    ],
)
def test_a_policy_for_subdomains_that_is_weaker_is_named(tags: str, weaker: str) -> None:
    (finding,) = of_subdomains(reported(f"v=DMARC1; {tags}"))

    assert finding.severity is (WARNING if weaker else OK)
    assert finding.fix.startswith(f"remove {weaker} from _dmarc.harbor.example" if weaker else "")


@pytest.mark.parametrize(
    ("zone", "severity"),
    [
        (Gone(), UNKNOWN),
        (reported("v=DMARC1; p=perhaps"), UNKNOWN),
        (reported("v=DMARC1; p=reject; np=perhaps"), UNKNOWN),
        (reported("site-verification=1"), INFO),
        (tree(("example", "v=DMARC1; p=reject; sp=none")), INFO),
        (
            tree(("harbor.example", "v=DMARC1; p=reject; sp=none"), ("example", "v=DMARC1")),
            INFO,  # names below have the policy of the organization
        ),
    ],
    ids=["gone", "broken", "broken np", "none", "of a name above", "of another organization"],
)
def test_a_missing_policy_has_no_tags_for_subdomains(zone: Zone, severity: Severity) -> None:
    assert [one.severity for one in of_subdomains(zone)] == [severity]


def of_subdomains(zone: Zone) -> list[Finding]:
    nobody = World(None, zone, Pages({}))  # type: ignore[arg-type]
    return list(dmarc_subdomains.policies(fleet(), nobody))


@settings(max_examples=200, deadline=None)
@given(OCTETS)
def test_any_octets_in_a_policy_have_a_severity(text: str) -> None:
    answer, page = Answer("ns", (text,)), Page(200, "text/plain", text)
    expected = mta_sts.ExpectedPolicy("harbor.example", None, (MX1,))

    assert dmarc.finding("_dmarc.harbor.example", answer).severity
    assert tls_rpt.finding("harbor.example", (), answer).severity
    assert mta_sts.announcement("harbor.example", None, answer).severity
    assert mta_sts.served(expected, "192.0.2.1", page).severity
    assert of_reports(reported(text), fleet())
    assert of_subdomains(reported(text))
