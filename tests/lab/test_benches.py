"""Benches in their smallest size: it ends, compares what it should, and writes its report."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.labs import ROOT, SECONDS, Raised, totals

REPORTS = ROOT / "reports" / "bench"
# Not here: `deployment`, which needs Ansible and ten minutes, and `bulk`, with four mail hosts.
# `outbound` and `inbound` are the first, as each wants a host that no other has configured; the
# others go on with what they have installed.
SMALLEST = {
    "outbound": "--messages 20 --runs 1",
    "inbound": "--messages 20 --runs 1 --release 13",
    "switch": "--runs 1",
    "zone": "--domains 1 --runs 1",
    "verify": "--hosts 1 --domains 1 --runs 1",
}
REPORTS_OF = {"outbound": 2, "inbound": 3}


@pytest.fixture(scope="module")
def bench_lab(lab: Raised) -> Iterator[None]:
    """Remove the lab of the benches before and after; each leaves it up for the next one."""
    assert lab
    benches = Raised("bench")
    totals(benches.down())
    yield
    totals(benches.down())


def bench(name: str, *words: str) -> str:
    """Run a bench as an operator does; fail the test with its output if it fails."""
    done = subprocess.run(
        (ROOT / "scripts" / "bench", name, *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.usefixtures("bench_lab")
@pytest.mark.parametrize("name", SMALLEST)
def test_a_bench_ends_and_writes_its_report(name: str) -> None:
    shown = bench(name, *SMALLEST[name].split(), "--keep")

    made = re.findall(r"^The report: reports/bench/(\w+\.json)$", shown, re.MULTILINE)
    assert len(made) == REPORTS_OF.get(name, 1), shown
    for report in (json.loads((REPORTS / one).read_text()) for one in made):
        assert report["machine"]["commit"]
        assert report["cases"]
