"""Web sites of a host: files of nginx, and the mode of each MTA-STS policy."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from deploys.host.model.desired import Service
from deploys.host.model.plan import certification, configuration, preparation
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.preconditions import obstacles
from deploys.host.services import nginx, postfix, registry
from deploys.host.services.plan_input import plan_input
from deploys.host.tls import certificates
from deploys.host.tls.mta_sts_policy import policy_state
from deploys.mail import paths
from deploys.mail.mta_sts import Policy
from deploys.mail.report_store import ReportSums, TlsDay, day_of
from deploys.mail.settings.model import MailSettings
from tests.conftest import Golden
from tests.host.found import as_desired, bare, served, settings
from tests.host.test_postfix_bulk import stream
from tests.host.test_templates import ACCOUNTS

AUTOCONFIG: dict[str, Any] = {**ACCOUNTS, "mail_autoconfig": True}
DOMAIN, RECORD = "harbor.example", "_mta-sts.harbor.example"


def own(mode: str = "testing", **data: Any) -> MailSettings:
    return settings(**({"mail_tls": "acme", "mail_mta_sts": mode} | data))


def host(
    mode: str | None = None,
    *,
    self_signed: bool = False,
    of: MailSettings | None = None,
) -> Existing:
    """Return a host that serves a policy in a mode, or none."""
    asked = of or own()
    found = asdict(bare(own=asked))
    certificate = certificates.certificates(asked)[0]
    found["certificates"][certificate.path] = served(certificate, self_signed=self_signed)
    if mode:
        policy = Policy.of(mode, ["mx1.harbor.example"])  # type: ignore[arg-type]
        file = {"mode": 0o644, "owner": "root", "group": "root", "sha256": "x"}
        file["content"] = base64.b64encode(str(policy).encode()).decode()
        found["services"]["nginx"]["files"][paths.mta_sts_policy(DOMAIN)] = file
        found["services"]["nginx"]["owned"] = [paths.mta_sts_policy(DOMAIN)]
    return decode(Existing, found)


def described(
    asked: MailSettings, existing: Existing, seen: Collection[str] = ()
) -> Service | None:
    found = registry.services(asked, plan_input(asked, existing, lambda *_: seen))
    return next((one for one in found if one.query.name == "nginx"), None)


def content(service: Service, path: str) -> str:
    return next(file.content for file in service.files if file.path == path)


def test_a_site_is_configured_as_the_golden_files_say(golden: Golden) -> None:
    asked = own(**AUTOCONFIG)
    service = described(asked, bare(own=asked))

    assert service
    for file in service.files:
        golden(f"nginx/{Path(file.path).name}", file.content)


def test_a_host_without_ipv6_listens_on_ipv4_alone() -> None:
    text = nginx.configuration(own(mail_addresses=["203.0.113.11"]), (1, 26, 3))

    assert "listen 443 ssl;" in text
    assert "[::]" not in text


@pytest.mark.parametrize("release", ["12", "13"])
def test_a_host_as_desired_has_nothing_to_change(release: str) -> None:
    asked = own()
    service = described(asked, bare(release, asked))

    assert service
    existing = as_desired(service, release)
    assert list(configuration(service, existing)) == []


def test_each_name_has_one_certificate_and_nginx_is_reloaded_for_it() -> None:
    asked = own(**AUTOCONFIG)
    service = described(asked, bare(own=asked))

    assert service
    assert [(one.name, one.kinds, one.units) for one in service.certificates] == [
        (f"{prefix}.{DOMAIN}", ("ecdsa",), ("nginx.service",))
        for prefix in ("mta-sts", "autoconfig", "autodiscover")
    ]
    assert "mta-sts.harbor.example" not in postfix.render(asked, (3, 10, 13), "main.cf")
    assert [str(change) for change in preparation([service], bare(own=asked))][:2] == [
        "install nginx",
        "create /etc/ssl/private/pyinfra-mail/mta-sts.harbor.example.pem (self-signed)",
    ]
    for one in service.certificates:
        assert one.files == tuple(
            f"/etc/letsencrypt/live/{one.name}-ecdsa/{part}"
            for part in ("privkey.pem", "fullchain.pem")
        )
    assert len(list(certification([service], bare(own=asked)))) == 3


@pytest.mark.parametrize(
    ("asked", "existing", "seen", "mode"),
    [
        ("testing", host(), [], "testing"),
        ("testing", host("enforce"), [], "testing"),
        ("enforce", host(), [], "testing"),
        ("enforce", host("none"), [], "testing"),
        ("enforce", host("testing"), [], "testing"),
        ("enforce", host("testing", self_signed=True), [RECORD], "testing"),
        ("enforce", host("testing"), [RECORD], "enforce"),
        ("enforce", host("enforce"), [], "enforce"),
        ("enforce", host("enforce", self_signed=True), [], "enforce"),
        ("enforce", host(), [RECORD], "enforce"),  # a host made anew
        ("none", host(), [], None),
        ("none", host("testing"), [], "none"),
        ("none", host("none"), [], "none"),
    ],
)
def test_a_policy_goes_from_testing_to_enforce_by_evidence(
    asked: str, existing: Existing, seen: list[str], mode: str | None
) -> None:
    service = described(own(asked), existing, seen)

    assert (service and Policy.parse(content(service, paths.mta_sts_policy(DOMAIN))).mode) == mode


@pytest.mark.parametrize(
    ("existing", "awaited"),
    [
        (host(), "e"),
        (host("testing"), "t"),
        (host("none"), "e"),
        (host("enforce"), ""),
    ],
)
def test_the_announcement_that_is_evidence_is_looked_up(existing: Existing, awaited: str) -> None:
    looked: list[str] = []
    names: set[str] = set()

    def seen(_: MailSettings, records: Mapping[str, str]) -> set[str]:
        looked.extend(records.values())
        names.update(records)
        return set(records)

    state = policy_state(own("enforce"), existing, seen)

    assert [text.partition("id=")[2][0] for text in looked] == list(awaited)
    assert state.desired[DOMAIN].mode == "enforce"
    assert names == ({RECORD} if awaited else set())


def test_a_domain_that_cannot_enforce_yet_has_a_sentence_with_the_missing_evidence() -> None:
    (not_seen,) = waiting(host("testing"))
    (self_signed,) = waiting(host("testing", self_signed=True), RECORD)

    assert "stays in mode testing" in not_seen
    assert 'every name server answers with _mta-sts.harbor.example. TXT "v=STSv1; id=t' in not_seen
    assert "when a CA has issued the certificate of mx1.harbor.example" in self_signed
    assert waiting(host("testing"), RECORD) == ()


def waiting(existing: Existing, *seen: str) -> tuple[str, ...]:
    return policy_state(own("enforce"), existing, lambda *_: seen).waiting


def test_a_site_that_is_no_longer_wanted_is_stopped() -> None:
    asked = own("none", mail_tls="self-signed")
    found = asdict(bare(own=asked))
    found["services"]["nginx"]["owned"] = [nginx.CONFIGURATION]

    given = plan_input(asked, decode(Existing, found))

    assert registry.obsolete(asked, given) == {"nginx": "nginx.service"}


def running(pid: int | None, *owned: str, listener: str = "") -> Existing:
    found = asdict(host())
    found["services"]["nginx"] |= {"pid": pid, "owned": owned}
    found["listeners"]["443"] = {"pid": 7, "process": listener} if listener else None
    return decode(Existing, found)


@pytest.mark.parametrize(
    ("existing", "sentence"),
    [
        (running(None), None),
        (running(9, nginx.CONFIGURATION, listener="nginx"), None),
        (running(9), "nginx (process 9) serves other web sites; move them to another host"),
        (running(None, listener="apache2"), "apache2 (process 7) listens on port 443; stop and"),
    ],
)
def test_web_servers_of_others_are_left_alone(existing: Existing, sentence: str | None) -> None:
    refusal = " ".join(obstacles(existing, own()))

    assert refusal.startswith(sentence or "")
    assert bool(refusal) is bool(sentence)
    assert obstacles(existing, own("none")) == ()


FOLLOWING = {"mail_tls_rpt": ["tls@harbor.example"], "mail_auto_days": 7, "mail_auto_messages": 50}
CLOCK = 1_796_040_000.0  # 30 November 2026


def reported(existing: Existing, failures: int = 0) -> Existing:
    """Return a host that has read a week of TLS reports."""
    tls = tuple(
        TlsDay(DOMAIN, "sts", day_of(CLOCK - back * 86_400), 20, failures, ("google.com",))
        for back in range(7)
    )
    return replace(existing, clock=CLOCK, reports=ReportSums(tls=tls))


@pytest.mark.parametrize(
    ("existing", "seen", "mode", "waits"),
    [
        (host("testing"), [RECORD], "testing", "sets enforce when TLS reports come in; none has"),
        (host("testing"), [], "testing", "when every name server answers with _mta-sts.harbor"),
        (reported(host("testing")), [RECORD], "enforce", ""),
        (reported(host("testing"), 1), [RECORD], "testing", "at most one session of 200 fails"),
        (reported(host("testing", self_signed=True)), [RECORD], "testing", "a CA has issued"),
        (host("enforce"), [], "enforce", ""),
        (reported(host("enforce"), 1), [], "enforce", ""),
        (reported(host("enforce"), 5), [], "testing", "testing: 35 of 175 sessions failed in 7"),
        (host(), [RECORD], "enforce", ""),  # a host made anew
        (host(), [], "testing", "every name server answers with"),
    ],
)
def test_a_policy_that_follows_reports_goes_on_and_back_by_them(
    existing: Existing, seen: list[str], mode: str, waits: str
) -> None:
    asked = own("auto", **FOLLOWING)
    known = replace(existing, services={**bare(own=asked).services, **existing.services})
    state = policy_state(asked, known, lambda *_: seen)

    assert state.desired[DOMAIN].mode == mode
    assert waits in " ".join(state.waiting)
    assert bool(waits) == bool(state.waiting)


def unsubscribing(**own_data: Any) -> MailSettings:
    return stream({"mail_tls": "acme", **own_data})


def test_a_site_that_unsubscribes_is_configured_as_the_golden_file_says(golden: Golden) -> None:
    asked = unsubscribing()
    service = described(asked, bare(own=asked))

    assert service
    golden("nginx/one-click.conf", content(service, nginx.CONFIGURATION))
    assert [one.name for one in service.certificates] == ["unsubscribe.mx1.harbor.example"]
    assert [probe.site for probe in service.probes] == ["unsubscribe.mx1.harbor.example"]


def test_without_one_click_a_host_with_a_stream_has_no_web_server() -> None:
    for asked in (stream(), stream({"mail_tls": "acme"}, one_click=False)):
        assert described(asked, bare(own=asked)) is None


@pytest.mark.parametrize(
    ("also", "sentence"),
    [
        ({}, "or write False in mail_bulk.one_click"),
        (
            {"mail_mta_sts": "testing"},
            (
                "or write mail_mta_sts = 'none' and mail_autoconfig = False and write False in "
                "mail_bulk.one_click"
            ),
        ),
    ],
)
def test_a_host_with_another_web_server_hears_how_to_do_without(
    also: dict[str, Any], sentence: str
) -> None:
    asked = unsubscribing(**also)
    found = asdict(host(of=asked))
    found["listeners"]["443"] = {"pid": 7, "process": "apache2"}

    (refusal,) = obstacles(decode(Existing, found), asked)

    assert refusal.startswith("apache2 (process 7) listens on port 443; stop and remove it,")
    assert refusal.endswith(sentence)
