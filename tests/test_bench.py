import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from deploys.dns import query
from deploys.mail.errors import MailError
from deploys.zones.model.changes import ExpectedAnswer
from deploys.zones.propagation.poll import Question, wait
from deploys.zones.providers.loader import load
from scripts.benches import page
from scripts.benches.instruments import name_servers
from scripts.benches.instruments.command import BenchError
from scripts.benches.instruments.name_servers import far_servers
from scripts.benches.instruments.report import Case, Figures, Report, interleaved
from scripts.benches.instruments.submission import Sent
from scripts.benches.propagation import silence, watching
from scripts.benches.publication import counted
from scripts.benches.start import imports
from scripts.benches.verification import outcome, total
from tests.clock import Clock


def case(situation: str, contender: str, *seconds: float, **aims: float) -> Case:
    runs = tuple({"seconds": number, "commands": 3} for number in seconds)
    return Case(situation, contender, {"hosts": 5}, aims, runs)


def report(*cases: Case) -> Report:
    return Report("noop", "seconds", ("ours",), "a note", {"cores": 2}, cases)


def document(*cases: Case) -> Any:
    return json.loads(json.dumps(report(*cases).document()))


def shown(*cases: Case) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(report(*cases).table())
    return captured.get()


def test_the_median_of_the_runs_counts_and_one_slow_run_does_not() -> None:
    assert case("near", "ours", 0.7, 9.0, 0.8).median("seconds") == 0.8


def test_a_case_is_named_after_situation_and_contender() -> None:
    (found,) = document(case("noop_5_far", "ours", 0.7))["cases"]

    assert found["name"] == "noop_5_far_ours"
    assert (found["hosts"], found["tool"]) == (5, "ours")


def test_every_run_of_what_is_measured_is_in_the_report_and_counts_are_one_number() -> None:
    (found,) = document(case("near", "ours", 0.7, 0.9, 0.8))["cases"]

    assert found["seconds"] == {"median": 0.8, "runs": [0.7, 0.9, 0.8]}
    assert found["commands"] == 3


def test_an_aim_is_written_down_next_to_its_case_alone() -> None:
    aiming, other = document(case("near", "ours", 0.7, seconds=1.0), case("near", "theirs", 1.4))[
        "cases"
    ]

    assert aiming["aims"] == {"seconds": 1.0}
    assert "aims" not in other


def test_ratios_compare_medians_within_a_situation() -> None:
    found = document(
        case("near", "ours", 0.5),
        case("near", "theirs", 1.0, 9.0, 2.0),
        case("far", "ours", 2.0),
        case("far", "theirs", 3.0),
    )

    assert found["ratios"] == {"near": {"theirs_to_ours": 4.0}, "far": {"theirs_to_ours": 1.5}}


def test_a_bench_may_compare_with_more_than_one_baseline() -> None:
    cases = [case("relay", "stock", 2.0), case("relay", "signed", 1.5), case("relay", "other", 0.5)]
    found = Report("outbound", "seconds", ("stock", "other"), "a note", {}, cases).ratios()

    assert found["relay"]["signed_to_stock"] == 0.75
    assert found["relay"]["signed_to_other"] == 3.0
    assert "other_to_other" not in found["relay"]


@pytest.mark.parametrize(("least", "expected"), [(0.6, "(≥ 0.6) 0.75"), (0.8, "(≥ 0.8) 0.75")])
def test_the_table_shows_the_ratio_that_was_aimed_at(least: float, expected: str) -> None:
    ours = replace(case("near", "theirs", 1.5), least={"ours": least})

    assert expected in shown(case("near", "ours", 2.0), ours)
    assert document(case("near", "ours", 2.0), ours)["cases"][1]["least_ratios"] == {"ours": least}


def test_a_situation_without_a_baseline_has_no_ratio() -> None:
    cases = [case("plan", "1", 1.0), case("plan", "100", 20.0), case("notice", "last", 1.5)]
    found = Report("zone", "seconds", ("1",), "a note", {}, cases)

    assert found.ratios() == {"plan": {"100_to_1": 20.0}, "notice": {}}
    assert Console(width=200).render_lines(found.table())


RECORD = ExpectedAnswer("harbor.example", "MX", ("10 mx1.harbor.example.",))


def test_a_name_server_that_lags_has_its_records_from_its_moment_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(name_servers, "time", clock)
    with far_servers(2, (RECORD,), since={2: 1.0}) as servers:
        before = wait([Question("harbor.example", server, RECORD) for server in servers], 0)
        clock.now = 1.0
        after = wait(before.wrong, 0)

    assert [question.server for question in before.wrong] == servers[1:]
    assert not after.wrong


@pytest.mark.parametrize(("round_trip", "wrong"), [(0, []), (60, ["no answer within 0.2 s"])])
def test_a_name_server_that_is_far_away_answers_after_a_round_trip(
    round_trip: float, wrong: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_servers, "ROUND_TRIP", round_trip)
    if round_trip:
        monkeypatch.setattr(query, "PATIENCE", 0.2)
    with far_servers(1, (RECORD,)) as (server,):
        outcome = wait([Question("harbor.example", server, RECORD)], 0)

    assert [str(fault) for fault in outcome.wrong.values()] == wrong


def test_a_silent_name_server_is_a_case_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "PATIENCE", 0.1)
    *_, last = watching()

    assert silence(replace(last, labels={"record_sets": 3}))["seconds"] > 0


def test_a_deploy_is_measured_by_the_import_of_its_module() -> None:
    assert imports("pyinfra") == []
    assert imports("site") == ["import deploys.api.site"]


class _Unwilling(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        _Unwilling.asked += 1
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_every_request_of_a_provider_is_counted() -> None:
    with HTTPServer(("127.0.0.1", 0), _Unwilling) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        port = server.server_address[1]
        provider = load({"class": "powerdns", "host": "127.0.0.1", "port": port, "api_key": "x"})
        requests = counted(provider.octodns)
        for _ in range(2):
            with pytest.raises(MailError):
                provider.read("harbor.example")
        server.shutdown()

    assert requests == {"GET": _Unwilling.asked}
    assert _Unwilling.asked >= 2


@pytest.mark.parametrize(
    ("shown", "expected"),
    [("13660\n25\n", 13685), ("total.num.queries=90\n", 90)],
    ids=["PowerDNS", "Unbound"],
)
def test_queries_are_summed_over_protocols(shown: str, expected: int) -> None:
    assert total(shown) == expected


def test_a_server_that_counts_nothing_is_no_figure() -> None:
    with pytest.raises(BenchError, match="how many queries"):
        total("Connection refused")


def verified(verdict: str, *findings: tuple[str, str]) -> Any:
    found = [{"id": id_, "severity": severity, "saw": "it said"} for id_, severity in findings]
    return {"verdict": verdict, "findings": found, "messages": [{}, {}]}


def test_a_verification_that_passed_counts_its_messages_and_answers() -> None:
    assert outcome(verified("passed", ("dns.mx", "ok"))) == {"messages": 2, "answers": 1}


@pytest.mark.parametrize(("verdict", "severity"), [("failed", "error"), ("unknown", "unknown")])
def test_a_verification_that_did_not_pass_is_no_figure(verdict: str, severity: str) -> None:
    with pytest.raises(BenchError, match=rf"the verdict is {verdict}.*: dns\.spf: it said$"):
        outcome(verified(verdict, ("dns.mx", "ok"), ("dns.spf", severity)))


def test_latencies_are_told_by_percentiles() -> None:
    sent = Sent(0.0, tuple(number / 1000 for number in range(1, 102)))

    assert (sent.percentile_ms(50), sent.percentile_ms(99)) == (51.0, 100.0)


def test_the_report_says_on_what_machine_it_was_made() -> None:
    assert document(case("near", "ours", 0.5))["machine"] == {"cores": 2}


def test_the_report_is_written_under_the_name_of_its_bench(tmp_path: Path) -> None:
    path = report(case("near", "ours", 0.5)).write(tmp_path / "bench")

    assert path == tmp_path / "bench" / "noop.json"
    assert json.loads(path.read_text())["bench"] == "noop"


@pytest.mark.parametrize(("seconds", "expected"), [(0.7, "(≤ 1) 0.70"), (1.3, "(≤ 1) 1.30")])
def test_the_table_shows_what_was_aimed_at_next_to_what_came_out(
    seconds: float, expected: str
) -> None:
    assert expected in shown(case("near", "ours", seconds, seconds=1.0))


def test_the_table_has_a_line_for_each_case_with_its_ratio() -> None:
    lines = shown(case("near", "ours", 0.5), case("near", "theirs", 2.0)).splitlines()
    words = [line.split() for line in lines]

    assert ["5", "ours", "0.50", "3", "1.0"] in words
    assert ["5", "theirs", "2.00", "3", "4.0"] in words


def test_large_counts_are_told_in_full() -> None:
    many = replace(case("near", "ours"), runs=({"seconds": 0.5, "queries": 2474},))

    assert "2474" in shown(many)


def test_all_cases_run_once_before_any_runs_again() -> None:
    order: list[str] = []

    def measure(measured: Case) -> Figures:
        order.append(measured.name)
        return {"seconds": len(order)}

    cases = [case("near", "ours"), case("near", "theirs")]
    first, second = interleaved(cases, 2, measure, lambda _: None)

    assert order == ["near_ours", "near_theirs"] * 2
    assert [run["seconds"] for run in first.runs] == [1, 3]
    assert [run["seconds"] for run in second.runs] == [2, 4]


def test_every_run_is_told_while_the_bench_goes_on() -> None:
    told: list[str] = []
    figures: list[Figures] = [{"seconds": 0.75}, {"seconds": 0.5}]

    interleaved([case("near", "ours")], 2, lambda _: figures.pop(), told.append)

    assert told == ["1/2 near_ours: 0.5 seconds", "2/2 near_ours: 0.75 seconds"]


REPORT = {
    "machine": {
        "date": "2026-11-29T18:00:00+00:00",
        "commit": "abc1234",
        "cores": 2,
        "load": 0.5,
        "system": "Debian 12",
    },
    "cases": [
        {
            "name": "noop_1_near_ours",
            "hosts": 1,
            "tool": "ours",
            "seconds": {"median": 1.25, "runs": [1.25]},
            "aims": {"seconds": 1.0},
        },
        {
            "name": "noop_1_near_naive",
            "hosts": 1,
            "tool": "naive",
            "seconds": {"median": 2.5, "runs": [2.5]},
        },
    ],
    "ratios": {"noop_1_near": {"naive_to_ours": 2.0}},
}


def test_a_report_becomes_a_table_with_its_date_its_commit_and_its_aims() -> None:
    assert list(page.lines(REPORT)) == [
        "Measured on 2026-11-29 at commit abc1234: 2 cores, load 0.5 before, Debian 12.",
        "",
        "|  | hosts | seconds | ratio |",
        "| --- | --- | --- | --- |",
        "| noop 1 near ours | 1 | 1.25 (aim: 1) |  |",
        "| noop 1 near naive | 1 | 2.5 | to ours 2 |",
    ]


def test_the_page_of_figures_is_made_of_the_kept_reports() -> None:
    assert page.written(page.PAGE.read_text()) == page.PAGE.read_text()
