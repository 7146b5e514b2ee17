"""Reports to others as services of a host: what rspamd, Redis and Postfix get, and the programs."""

import sys
from pathlib import Path
from typing import Any

import pytest

from deploys.host.model.desired import Service
from deploys.host.preconditions import obstacles
from deploys.host.services import registry, tls_reports
from deploys.host.services.plan_input import plan_input
from deploys.mail import paths
from tests.host.found import bare, settings

OWN: dict[str, Any] = {
    "mail_report_organization": "Harbor & Co.",
    "mail_dmarc_reports": ["dmarc@harbor.example"],
}
DIST_INFO = "tlsrpt_reporter-0.6.0.dist-info"
PACKAGE = {
    "tlsrpt_reporter/tlsrpt.py": "# a module\n",
    "tlsrpt_reporter/README.md": "no module\n",
    f"{DIST_INFO}/METADATA": "Metadata-Version: 2.1\nName: tlsrpt-reporter\nVersion: 0.6.0\n",
    f"{DIST_INFO}/entry_points.txt": "[tlsrpt.collectd]\nsqlite = tlsrpt_reporter.tlsrpt:One\n",
    f"{DIST_INFO}/licenses/COPYING": "GNU GENERAL PUBLIC LICENSE\n",
    "../bin/tlsrpt-collectd": "#!/bin/sh\n",
}


def found(*kinds: str, release: str = "13", **own: Any) -> dict[str, Service]:
    """Return the services of a host that sends these reports, by name."""
    chosen = settings(mail_send_reports=list(kinds), **OWN, **own)
    inputs = plan_input(chosen, bare(release, chosen))
    return {one.query.name: one for one in registry.services(chosen, inputs)}


def texts(service: Service) -> dict[str, str]:
    return {file.path.rpartition("/")[2]: file.content for file in service.files}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package like tlsrpt-reporter on the controller."""
    site = tmp_path / "site"
    for name, text in PACKAGE.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    (site / DIST_INFO / "RECORD").write_text("".join(f"{name},,\n" for name in PACKAGE))
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])


def test_rspamd_counts_for_dmarc_and_does_nothing_else_with_it() -> None:
    files = texts(found("dmarc")["rspamd"])

    for line in (
        '"email": "postmaster@harbor.example"',
        '"org_name": "Harbor & Co."',
        '"exclude_domains": [\n    "harbor.example"\n  ]',
    ):
        assert line in files["dmarc.conf"]
    assert "dmarc { enabled = false; }" not in files["rspamd.conf.local.override"]
    assert '"reject": "NONE"' in files["milter_headers.conf"]
    assert "url_tld" not in files["options.inc"]
    # What comes to the host's own reader is not reported on.
    assert '"rcpt": [\n    "dmarc@harbor.example"\n  ]' in files["settings.conf"]
    assert "Wants=pyinfra-mail-dmarc-reports.timer" in files["pyinfra-mail.conf"]
    assert "rspamadm dmarc_report" in files["pyinfra-mail-dmarc-reports.service"]


def test_without_the_setting_dmarc_is_not_evaluated() -> None:
    files = texts(found()["rspamd"])

    assert "dmarc { enabled = false; }" in files["rspamd.conf.local.override"]
    assert not {"dmarc.conf", "pyinfra-mail-dmarc-reports.timer"} & set(files)
    assert "DMARC" not in "".join(files.values())


def test_the_counts_of_a_day_outlive_a_restart_of_redis() -> None:
    kept = found("dmarc")["redis"]

    assert "save 60 1\ndbfilename rspamd.rdb\n" in texts(kept)["redis-rspamd.conf"]
    assert kept.scratch == ("/var/lib/redis",)


@pytest.mark.usefixtures("installed")
def test_the_package_goes_to_the_host_with_its_licence_and_its_plug_ins() -> None:
    service = found("tls")["tls-reports"]
    carried = {one.path.removeprefix(f"{tls_reports.HOME}/") for one in service.files}

    assert {one for one in carried if one.startswith("tlsrpt_reporter")} == {
        "tlsrpt_reporter/tlsrpt.py",
        f"{DIST_INFO}/METADATA",
        f"{DIST_INFO}/entry_points.txt",
        f"{DIST_INFO}/licenses/COPYING",
    }
    files = texts(service)
    assert f"socketname = {paths.TLS_SOCKET}\n" in files["collectd.cfg"]
    assert "contact_info = postmaster@harbor.example\n" in files["reportd.cfg"]
    assert files["domains"] == "harbor.example DISCARD\n.harbor.example DISCARD\n"
    assert "User=pyinfra-mail-tls-reports\n" in files["pyinfra-mail-tls-collector.service"]
    assert "NoNewPrivileges=yes" in files["pyinfra-mail-tls-reporter.service"]
    assert tls_reports.is_installed()


def test_the_package_may_be_missing() -> None:
    missing = [one for one in found("tls")["tls-reports"].files if "tlsrpt_reporter" in one.path]

    assert bool(missing) == tls_reports.is_installed()


def test_both_instances_of_postfix_tell_the_collector() -> None:
    main = texts(found("tls")["postfix"])["main.cf"]

    assert "smtp_tlsrpt_enable = yes\n" in main
    assert "smtp_tlsrpt_socket_name = tls-reports/collector.sock\n" in main
    assert "tlsrpt" not in texts(found()["postfix"])["main.cf"]


@pytest.mark.parametrize(
    ("release", "kinds", "sentence"),
    [
        ("13", ["dmarc", "tls"], ""),
        ("12", ["dmarc"], ""),
        (
            "12",
            ["dmarc", "tls"],
            (
                "mail_send_reports has 'tls', which needs Postfix 3.10 (Debian 13), and this host "
                "has 3.7.11; remove 'tls' for this host"
            ),
        ),
    ],
)
def test_an_old_postfix_is_an_obstacle_to_tls_reports(
    release: str, kinds: list[str], sentence: str
) -> None:
    own = settings(mail_send_reports=kinds)

    assert "; ".join(obstacles(bare(release, own), own)) == sentence
