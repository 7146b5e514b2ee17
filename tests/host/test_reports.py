"""The reader of reports as a service of a host: where it is needed, and what it is made of."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deploys.host.agent.existing import read_sums
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Query, Service
from deploys.host.model.wire import decode, encode
from deploys.host.preconditions import obstacles
from deploys.host.services import registry, reports
from deploys.host.services.plan_input import plan_input
from deploys.mail import paths, units
from deploys.mail.recipients import READER
from deploys.mail.records import HostFacts, records_for
from deploys.mail.report_store import (
    DmarcDay,
    DomainReport,
    ReportSums,
    Source,
    day_of,
    opened,
)
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from tests.conftest import Golden
from tests.host.found import SETTINGS, bare, settings
from tests.host.report_samples import NOW

ADDRESS: dict[str, Any] = {"mail_dmarc_reports": ["dmarc@harbor.example"]}


def reader(own: MailSettings) -> Service | None:
    """Return the reader of a host, if it needs one."""
    found = registry.services(own, plan_input(own, bare(own=own)))
    return next((one for one in found if one.query.name == reports.NAME), None)


def texts(own: MailSettings) -> dict[str, str]:
    service = reader(own)
    assert service
    return {file.path: file.content for file in service.set}


def test_an_address_of_the_host_that_is_no_other_recipient_is_read() -> None:
    own = settings(**ADDRESS, mail_tls_rpt=["TLS@Harbor.example", "https://x.example/tls"])

    assert own.recipients.read == ("dmarc@harbor.example", "tls@harbor.example")
    assert own.recipients.ends["dmarc@harbor.example"] == (READER,)
    assert READER not in own.recipients.users
    assert units.REPORTS in units.required_units(own)
    assert reader(own)


def test_an_alias_or_an_address_elsewhere_is_not_read() -> None:
    for own in (
        settings(),
        settings(**ADDRESS, mail_aliases={"dmarc": "root"}),
        settings(
            mail_dmarc_reports=["dmarc@receiver.example"], mail_tls_rpt=["https://x.example/"]
        ),
        settings(mail_dmarc_reports=["postmaster@harbor.example"]),
    ):
        assert own.recipients.read == ()
        assert reader(own) is None


def test_an_alias_may_lead_to_a_person_and_to_the_reader() -> None:
    own = settings(**ADDRESS, mail_aliases={"dmarc": ["root", READER]})

    assert own.recipients.ends["dmarc@harbor.example"] == ("root", READER)
    assert own.recipients.read == ("dmarc@harbor.example",)


def test_any_host_of_the_domain_reads_what_another_asks_for() -> None:
    other = {
        "mail_hostname": "mx2.orchard.example",
        "mail_addresses": ["203.0.113.12"],
        "mail_domains": ["orchard.example"],
    }
    first, second = fleet_from({"mx1": SETTINGS, "mx2": other | ADDRESS}, {}).hosts

    assert first.recipients.read == ("dmarc@harbor.example",)
    assert second.recipients.read == ()
    configuration = json.loads(texts(first)[reports.CONFIGURATION])
    assert configuration["domains"] == ["harbor.example", "orchard.example"]


def test_its_user_is_made_before_its_mail_comes() -> None:
    own = settings(**ADDRESS)
    service = reader(own)

    assert service
    assert [user.name for user in service.system_users] == [READER]
    assert texts(own)[reports.FORWARD] == f"{paths.REPORT_MAIL}/\n"
    assert obstacles(bare(own=own), own) == ()


def test_its_unit_is_a_sandbox(golden: Golden) -> None:
    unit = reports.UNIT_FILE

    golden("reports/pyinfra-mail-reports.service", texts(settings(**ADDRESS))[unit])
    free = texts(settings(**ADDRESS, mail_sandbox=False))[unit]
    assert "ProtectSystem" not in free
    assert f"User={READER}" in free


def test_its_files_are_a_program_that_reads_reports(tmp_path: Path) -> None:
    for path, text in texts(settings(**ADDRESS)).items():
        if path.startswith(f"{reports.HOME}/"):
            file = tmp_path / Path(path).relative_to(reports.HOME)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    # As on the host, where nothing of the clone is.
    check = reports.PROGRAM.validator[-1]
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {check}"
    shown = "; import dmarc_report.parser; print(dmarc_report.__file__)"
    done = subprocess.run(
        (sys.executable, "-B", "-c", program + shown),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == tmp_path / "dmarc_report" / "__init__.py"
    assert "Copyright (c)" in (tmp_path / "dmarc_report" / "LICENSE").read_text()


def test_a_plan_asks_for_the_sums_only_if_a_policy_follows_them() -> None:
    found = [
        next(query for query in registry.queries(own) if query.name == reports.NAME).reports
        for own in (settings(**ADDRESS), settings(**ADDRESS, mail_dmarc="auto"))
    ]

    assert found == ["", paths.REPORTS]


def test_the_evidence_of_all_hosts_is_that_of_the_record() -> None:
    (own,) = fleet_from({"mx1": SETTINGS | ADDRESS | {"mail_dmarc": "auto"}}, {}).hosts
    fleet = Fleet(hosts=(own,))
    day = DmarcDay("harbor.example", "none", "2026-11-29", 5, 0, ("google.com",))
    other = DmarcDay("orchard.example", "none", "2026-11-29", 5, 0, ("google.com",))
    facts = HostFacts(reports=ReportSums(dmarc=(day, other)), clock=NOW)

    (record,) = [
        one
        for one in records_for(fleet, ["mx1"], {"mx1": facts})
        if one.name == "_dmarc.harbor.example"
    ]

    assert record.values == ("v=DMARC1; p=none; rua=mailto:dmarc@harbor.example",)
    assert record.evidence
    assert (record.evidence.days, record.evidence.today) == ((day,), "2026-11-30")
    assert record.evidence.own == ("203.0.113.11", "2001:db8:25::11")


def test_the_state_of_a_host_has_its_sums(tmp_path: Path) -> None:
    report = DomainReport(
        "dmarc",
        "google.com",
        "1",
        "harbor.example",
        day_of(time.time()),
        "none",
        sources=(Source("192.0.2.9", "none", dkim=False, spf=False, messages=3),),
    )
    with opened(tmp_path) as store:
        store.add(report)
    query = Query("reports", (), (), (), (), reports=str(tmp_path))

    found = read_sums((query,))
    assert decode(ReportSums, json.loads(encode(found))) == found
    assert [one.failing for one in found.dmarc] == [3]
    assert [(one.address, one.messages) for one in found.failing] == [("192.0.2.9", 3)]
    (tmp_path / "reports.sqlite3").write_bytes(b"no database" * 500)
    with pytest.raises(Refused, match="cannot be read: file is not a database; delete it"):
        read_sums((query,))
