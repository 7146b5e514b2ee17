"""Reports compared with golden files, for a good run, a bad one and a partial one."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markupsafe import escape
from rich.console import Console

from deploys.checks.core.finding import RecordSeen, Severity
from deploys.checks.core.report import Hop, Report, Verdict
from deploys.checks.page import html
from deploys.checks.page.charts import charts
from deploys.checks.page.records import record_rows
from deploys.checks.page.servers import server_map
from deploys.checks.page.timeline import hop_bars
from deploys.checks.report import (
    Renderer,
    data,
    junit,
    markdown,
    prometheus,
    terminal,
    write,
)
from deploys.checks.report.matrix import matrix
from deploys.checks.run.catalogue import CHECKS
from deploys.mail.errors import MailError
from tests.checks import report_samples as samples
from tests.checks.broken_lab import broken
from tests.conftest import Golden

ROOT = Path(__file__).parents[2]
REPORTS = {"good": samples.good(), "bad": samples.bad(), "part": samples.part()}
HOSTILE = "</li><script>alert(1)</script>"


def on_terminal(report: Report, width: int = 100) -> str:
    output = StringIO()
    terminal.show(report, Console(file=output, width=width, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in output.getvalue().splitlines())


RENDERERS: Mapping[str, Renderer] = {
    "txt": on_terminal,
    "json": data.render,
    "xml": junit.render,
    "md": markdown.render,
    "prom": prometheus.render,
    "html": samples.page,
}


@pytest.mark.parametrize("suffix", RENDERERS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_equals_its_golden_file(name: str, suffix: str, golden: Golden) -> None:
    golden(f"{name}.{suffix}", RENDERERS[suffix](REPORTS[name]))


def with_severity(*severities: Severity) -> Report:
    question = samples.CHECKS["smtp.relay"]
    answers = {
        Severity.OK: question.ok("mx1", "fine"),
        Severity.INFO: question.info("mx1", "so", "nothing"),
        Severity.WARNING: question.warning("mx1", "slow", "hurry"),
        Severity.UNKNOWN: question.unknown("mx1", "silent", "ask again"),
        Severity.ERROR: question.error("mx1", "broken", "mend it"),
    }
    return replace(REPORTS["good"], findings=tuple(answers[one] for one in severities))


@pytest.mark.parametrize(
    ("severities", "verdict", "succeeded"),
    [
        ([Severity.OK], Verdict.PASSED, True),
        ([Severity.OK, Severity.INFO, Severity.WARNING], Verdict.PASSED, True),
        ([Severity.OK, Severity.UNKNOWN], Verdict.UNKNOWN, True),
        ([Severity.OK, Severity.ERROR], Verdict.FAILED, False),
        ([Severity.UNKNOWN, Severity.ERROR], Verdict.FAILED, False),
    ],
    ids=str,
)
def test_the_worst_finding_decides(
    severities: list[Severity], verdict: Verdict, *, succeeded: bool
) -> None:
    report = with_severity(*severities)

    assert report.verdict is verdict
    assert report.succeeded is succeeded


def test_a_run_in_which_no_message_arrived_never_succeeds() -> None:
    report = replace(with_severity(Severity.OK), messages=())

    assert report.verdict is Verdict.UNKNOWN
    assert not report.succeeded
    assert "No test message was delivered." in on_terminal(report)


def test_the_page_shows_every_check_of_the_catalogue_with_its_text() -> None:
    findings = tuple(check.ok("mx1", "as it should be") for check in CHECKS.values())
    page = html.render(replace(REPORTS["good"], findings=findings), CHECKS, slow=10)

    for check in CHECKS.values():
        link = f'<a class="id" href="#check-{check.id}">{check.id}</a>'
        assert f"{escape(check.question)}{link}" in page
        assert f'id="check-{check.id}"' in page


def test_json_names_the_subject_of_a_finding() -> None:
    findings = json.loads(data.render(REPORTS["bad"]))["findings"]

    assert all(len({"host", "domain", "run"} & set(finding)) == 1 for finding in findings)
    assert {finding["id"]: finding for finding in findings}["dns.mx"]["domain"]


@pytest.mark.parametrize("name", REPORTS)
def test_json_matches_its_schema(name: str) -> None:
    """The schema is made from the values that are read back here; docs/ holds it."""
    written = data.ReportDocument.model_validate_json(data.render(REPORTS[name]))

    assert written == data.document(REPORTS[name])
    assert set(json.loads(data.schema())["required"]) <= set(json.loads(data.render(REPORTS[name])))


@pytest.mark.parametrize("width", [30, 50, 80, 120])
@pytest.mark.parametrize("name", REPORTS)
def test_the_terminal_is_never_too_narrow(name: str, width: int) -> None:
    shown = on_terminal(REPORTS[name], width)

    assert max(map(len, shown.splitlines())) <= width
    assert "\x1b" not in shown


@pytest.mark.parametrize("name", REPORTS)
def test_metrics_are_as_prometheus_reads_them(name: str) -> None:
    metric = r"pyinfra_mail_[a-z_]+"
    label = r'[a-z]+="([^"\\\n]|\\[\\"n])*"'
    lines = prometheus.render(REPORTS[name]).splitlines()
    samples = [line for line in lines if not line.startswith("#")]

    assert len(set(samples)) == len(samples)
    for line in lines:
        assert re.fullmatch(
            rf"# HELP {metric} [A-Z].*\.|# TYPE {metric} gauge"
            rf"|{metric}{{{label}(,{label})*}} [0-9.e+-]+",
            line,
        ), line


def test_junit_counts_unknown_as_errors_and_errors_as_failures() -> None:
    document = ET.fromstring(junit.render(REPORTS["bad"]))  # noqa: S314 - our own document

    assert (document.attrib["failures"], document.attrib["errors"]) == ("3", "3")
    cases = {(one.id, one.subject) for one in REPORTS["bad"].findings}
    assert document.attrib["skipped"] == "2"  # one is waived, one does not apply
    assert document.attrib["tests"] == str(len(cases))


def test_a_case_of_junit_has_the_same_name_in_every_order_of_the_findings() -> None:
    question = samples.CHECKS["smtp.relay"]
    good, bad = question.ok("mx1", "one fine"), question.error("mx1", "two open", "close it")
    other = question.unknown("mx2", "silent", "wait")
    documents = [
        junit.render(replace(REPORTS["good"], findings=findings))
        for findings in ((good, bad, bad, other), (bad, other, good))
    ]

    for document in documents:
        suite = ET.fromstring(document)  # noqa: S314 - our own document
        cases = {one.attrib["name"]: one for one in suite.iter("testcase")}
        assert set(cases) == {"mx1", "mx2"}
        assert cases["mx1"].find("failure") is not None
        assert cases["mx2"].find("error") is not None


def test_outside_of_a_terminal_no_line_is_wrapped_or_padded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.show(REPORTS["bad"], terminal.console())

    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) > 80
    assert all(line == line.rstrip() for line in lines)
    shown = [line.strip() for line in lines]
    for finding in REPORTS["bad"].having(Severity.ERROR):
        assert any(finding.saw in line for line in shown)


def test_when_all_is_well_the_terminal_is_short() -> None:
    assert len(on_terminal(REPORTS["good"]).splitlines()) < 16


def test_findings_with_one_fix_are_grouped() -> None:
    findings = tuple(one for one in REPORTS["bad"].findings if one.id != "smtp.connect")
    shown = on_terminal(replace(REPORTS["bad"], findings=findings))

    assert "unknown  mx2  smtp.starttls, smtp.relay\n" in shown
    assert shown.count("fix: fix smtp.connect first") == 1


def test_findings_that_follow_from_another_are_folded_under_it() -> None:
    shown = on_terminal(REPORTS["bad"])

    assert "explains 2 other findings: smtp.starttls, smtp.relay of mx2\n" in shown
    assert "fix smtp.connect first" not in shown


def test_the_causes_come_before_the_matrix_and_the_changes_after_it() -> None:
    for text, header in (
        (on_terminal(REPORTS["bad"]), "host  bulk"),
        (bad_markdown(), "| | dns"),
    ):
        places = [text.index(one) for one in ("smtp.connect", header, "Since 3 October")]

        assert places == sorted(places)


def bad_markdown() -> str:
    return markdown.render(REPORTS["bad"])


def test_the_matrix_has_the_worst_severity_of_each_area() -> None:
    found = matrix(REPORTS["bad"])
    rows = {row.subject: row.severities for row in found.rows}

    domains = ["bounces.harbor.example", "harbor.example", "orchard.example"]
    assert list(rows) == [*domains, "mx1", "mx2", "mx3"]
    assert rows[domains[0]] == {"bulk": Severity.WARNING}
    worst = {"delivery": Severity.WARNING, "reports": Severity.WARNING}
    assert rows["harbor.example"] == {"dns": Severity.OK, **worst}
    assert rows["mx1"] == {"host": Severity.OK, "smtp": Severity.ERROR}
    assert found.areas == ["dns", "smtp", "delivery", "host", "bulk", "reports"]
    assert "reputation" not in on_terminal(REPORTS["good"])


@pytest.mark.parametrize("suffix", ["html", "md"])
def test_an_area_in_which_nothing_applies_is_no_column(suffix: str) -> None:
    headers = {"html": '<th scope="col">{}</th>', "md": "| {} |"}
    text = RENDERERS[suffix](REPORTS["bad"])

    assert headers[suffix].format("host") in text
    assert headers[suffix].format("reputation") not in text


def test_json_names_the_findings_of_each_cause() -> None:
    written = json.loads(data.render(REPORTS["bad"]))

    (connect,) = (one for one in written["causes"] if one["effects"])
    ids = [
        written["findings"][index]["id"] for index in (*connect["findings"], *connect["effects"])
    ]
    assert ids == ["smtp.connect", "smtp.starttls", "smtp.relay"]
    assert [one["damage"] for one in written["causes"]][:2] == [
        "mail does not arrive",
        "mail is refused",
    ]


def test_many_messages_that_arrived_are_only_counted() -> None:
    messages = REPORTS["good"].messages * 20

    shown = on_terminal(replace(REPORTS["good"], messages=messages))

    assert "All 80 test messages delivered in 0.3 to 0.6 s." in shown
    assert "visitor@" not in shown


def test_text_of_servers_is_no_markup_on_the_terminal() -> None:
    question = samples.CHECKS["smtp.relay"]
    report = replace(
        REPORTS["good"], findings=(question.error("mx1", "[/bold] [red]x[/red]", "[bold]"),)
    )

    assert "[/bold] [red]x[/red]" in on_terminal(report)


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_needs_no_other_file(name: str) -> None:
    text = samples.page(REPORTS[name])

    assert not Page(text).all("link", "img", "iframe", "object", "embed")
    assert Page(text).all("script") == [{}]  # inline
    assert not re.search(r"url\(|@import|https?:|//[a-z]", text)


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_can_be_read_without_seeing_it(name: str) -> None:
    page = Page(samples.page(REPORTS[name]))
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert page.all("html") == [{"lang": "en"}]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(deeper <= one + 1 for one, deeper in pairwise(headings))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in attributes for attributes in page.all("th"))
    assert len(ids) == len(set(ids))
    assert all(attributes.get("aria-hidden") == "true" for attributes in page.all("svg"))


@pytest.mark.parametrize("name", REPORTS)
def test_every_link_of_the_page_leads_to_a_place_in_it(name: str) -> None:
    page = Page(samples.page(REPORTS[name]))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [str(one["href"]).removeprefix("#") for one in page.all("a")]

    assert set(links) <= ids
    assert {one["data-copy"] for one in page.all("button") if "data-copy" in one} <= ids


def test_only_the_pages_own_script_may_run() -> None:
    text = samples.page(REPORTS["bad"])
    digest = base64.b64encode(hashlib.sha256(html.SCRIPT.encode()).digest()).decode()

    assert f"<script>{html.SCRIPT}</script>" in text
    assert f"script-src 'sha256-{digest}'" in text


def test_what_the_script_shows_is_hidden_without_it() -> None:
    page = Page(html.render(broken(), CHECKS, slow=10))

    assert [one for one in page.all("form") if "hidden" not in one] == []
    assert [one for one in page.all("button") if "data-copy" in one and "hidden" not in one] == []


def test_the_station_at_which_a_message_failed_is_marked() -> None:
    page = Page(html.render(broken(), CHECKS, slow=10))
    stations = [one.get("class") for one in page.all("li") if one.get("class") in _STATIONS]

    assert stations == ["failed", "failed", "beyond"]
    assert html.render(broken(), CHECKS, slow=10).count("failed here: ") == 2


_STATIONS = ("failed", "beyond")


def test_the_map_leads_from_domains_to_hosts_and_addresses() -> None:
    first, second = server_map(broken())

    assert [(one.domain, [host.name for host in one.hosts]) for one in (first, second)] == [
        ("harbor.example", ["mx1"]),
        ("orchard.example", ["mx2"]),
    ]
    addresses = {one.address: one.severity for one in second.hosts[0].addresses}
    assert addresses == {"203.0.113.12": Severity.OK, "2001:db8:25::12": Severity.ERROR}


@pytest.mark.parametrize(
    ("found", "named"),
    [(("10 mx1.harbor.example.",), True), (("10 old.example.",), False), (None, None)],
)
def test_the_map_tells_if_mx_records_name_a_host(
    found: tuple[str, ...] | None, *, named: bool | None
) -> None:
    record = RecordSeen("harbor.example", "MX", (), found) if found else None
    seen = replace(samples.CHECKS["dns.mx"].ok("harbor.example", "x"), record=record)

    first, _ = server_map(replace(REPORTS["good"], findings=(seen,)))

    assert first.hosts[0].named is named


def test_a_bulk_stream_is_shown_by_receiver_and_by_day() -> None:
    text = samples.page(REPORTS["bad"])
    section = text[text.index('<section aria-labelledby="bulk">') :].partition("</section>")[0]

    for words in ("By receiver", "By day (UTC)", "21 Sep to 4 Oct", ">yahoo</th><td>25,587</td>"):
        assert words in section
    assert section.count("<figure>") == 3
    assert 'id="bulk"' not in samples.page(REPORTS["good"])


def test_records_show_what_is_expected_beside_what_was_found() -> None:
    spf, dkim = record_rows(broken())

    assert (spf.expected, spf.found) == ((), ("v=spf1 mx -all, v=spf1 -all",))
    assert dkim.found == ("nothing",)
    assert dkim.zone_lines.startswith(f'{dkim.name}. IN TXT "v=DKIM1; k=rsa; p=AAA')
    assert [len(part) for part in dkim.zone_lines.split('"')[1::2]] == [255, 155]


def test_a_value_with_quotes_is_one_string_of_a_zone_file() -> None:
    seen = RecordSeen("x.example", "TXT", ('a "b" \\',), ())
    one = replace(samples.CHECKS["dns.mx"].error("x.example", "y", "z"), record=seen)

    (row,) = record_rows(replace(REPORTS["good"], findings=(one,)))

    assert row.zone_lines == r'x.example. IN TXT "a \"b\" \\"'


def test_charts_have_a_bar_for_each_run_that_never_leaves_the_chart() -> None:
    drawn = charts(broken())

    assert [len(one.columns) for one in drawn] == [30, 30, 30, 30]
    assert all(
        bar.begin + bar.height <= 100.01 for one in drawn for bars in one.columns for bar in bars
    )
    assert charts(REPORTS["good"]) == []  # a first run has no history


def test_a_path_that_was_slow_or_in_clear_text_is_unfolded() -> None:
    page = samples.page(REPORTS["bad"])
    folded = Page(page).all("details")

    assert [one["class"] for one in folded if "open" in one].count("hops") == 1
    assert "in clear text to mx1.harbor.example" in page
    assert "13.90 s connecting" in page


@pytest.mark.parametrize(
    "hops",
    [
        (Hop("mx1", None, seconds=None),),
        (Hop("mx1", None, seconds=0.0), Hop("mx2", None, seconds=0.0)),
        (Hop("mx1", None, seconds=0.0, delays="0/0/0/0"),),
        (Hop("mx1", None, seconds=1.0, delays="nan/x/-1/inf"), Hop("mx2", None, seconds=1.0)),
        (Hop("mx1", None, seconds=1e9, delays="1e9/0/0/0"), Hop("mx2", None, seconds=0.01)),
    ],
)
def test_every_hop_has_a_visible_bar(hops: tuple[Hop, ...]) -> None:
    drawn = hop_bars(replace(REPORTS["good"].messages[0], hops=hops))

    ends = [begin + width for bar in drawn for begin, width in bar.segments]
    assert all(sum(width for _, width in bar.segments) > 1 for bar in drawn)
    assert max(ends) == pytest.approx(100)


def test_text_of_servers_stays_within_a_label_and_within_code() -> None:
    question = samples.CHECKS["smtp.relay"]
    said = 'x"} 1 `` | <b> \\ '
    report = replace(
        REPORTS["good"],
        findings=(question.error(said, said, said),),
        messages=(replace(REPORTS["good"].messages[0], path=said),),
    )

    assert f"- ``` {said} ```\n" in markdown.render(report)
    assert f"| ``` {said.replace('|', chr(92) + '|')} ``` |" in markdown.render(report)
    assert r'subject="x\"} 1 `` | <b> \\ "' in prometheus.render(report)


@pytest.mark.parametrize("suffix", ["html", "xml"])
def test_text_of_servers_cannot_break_out(suffix: str) -> None:
    question = samples.CHECKS["smtp.relay"]
    report = replace(
        REPORTS["good"],
        findings=(question.error(HOSTILE, HOSTILE, HOSTILE), question.ok(HOSTILE, "\x00\x1b[31m")),
        messages=(replace(REPORTS["good"].messages[0], path=f"{HOSTILE} -> x"),),
        name=HOSTILE,
    )

    text = RENDERERS[suffix](report)

    assert HOSTILE not in text
    assert text.count("<script") == (1 if suffix == "html" else 0)
    assert suffix == "html" or ET.fromstring(text) is not None  # noqa: S314 - our own document


def test_the_files_are_written_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "lab"

    write(REPORTS["good"], folder, samples.page)
    write(REPORTS["bad"], folder, samples.page)

    suffixes = set(RENDERERS) - {"txt"}
    assert {path.name for path in folder.iterdir()} == {f"report.{one}" for one in suffixes}
    assert json.loads((folder / "report.json").read_text())["verdict"] == "failed"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")

    with pytest.raises(MailError, match=r"^the report cannot be written to .*reports/lab: .*"):
        write(REPORTS["good"], tmp_path / "reports" / "lab", samples.page)


ASK = """
import sys
import pyinfra_cli.cli
from deploys.run.command_line import inventory_name
for line in sys.stdin:
    sys.argv = ["pyinfra", *line.split()]
    sys.stdout.write(inventory_name() + "\\n")
"""


def test_reports_are_kept_under_the_name_of_the_inventory() -> None:
    """The command line of pyinfra is asked in a process of its own: its import patches threads."""
    lines = {
        "inventories/lab/inventory.py deploys/site.py -y": "lab",
        "--limit mx1 -y inventories/lab/inventory.py deploys/verify.py": "lab",
        "@local deploys/verify.py": "local",
        "mx1.harbor.example deploys/verify.py": "mx1.harbor.example",
    }
    done = subprocess.run(
        (sys.executable, "-c", ASK),
        input="\n".join(lines),
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert dict(zip(lines, done.stdout.split(), strict=True)) == lines
