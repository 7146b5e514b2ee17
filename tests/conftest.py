"""Golden files, runs of pyinfra, and the order of the whole test suite."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

import pytest
from gevent import monkey
from pyinfra.api import connectors

from tests.fakes import ROOT, USED, Run, RunIn, forks

# pyinfra's command line patches threads and sockets of the process that imports it. A test may ask
# it for its options; the servers of other tests run in real threads.
with pytest.MonkeyPatch.context() as unpatched:
    unpatched.setattr(monkey, "patch_all", lambda: None)
    import_module("pyinfra_cli")

Golden = Callable[[str, str], None]
# The order in which files begin: each of pytest's workers takes the next file when two tests of its
# last one are left, so what is short comes last.
SLOWEST = (
    # Its lab needs base images first; meanwhile the other worker has what needs none.
    "lab/test_site.py",
    "test_house.py",
    "package/test_wheel.py",
    "test_setup.py",
    "package/test_installed.py",
    "test_init.py",
    "checks/test_tls_scan.py",
    # It needs hosts without mail, and finds them in a lab that has just been raised.
    "lab/test_preconditions.py",
    # Files with one long test each, a file with many behind either: no worker gets both of them.
    "lab/test_kills.py",
    "lab/test_crashes.py",
    "lab/test_benches.py",
    "lab/test_faults.py",
    "lab/test_web.py",
    "lab/test_mistakes.py",
    "lab/test_tls.py",
    "lab/test_verify.py",
    "lab/test_outages.py",
    "lab/test_zones.py",
    "lab/test_traffic.py",
    "lab/test_submission.py",
    "lab/test_dane.py",
    "lab/test_newcomer.py",
    "lab/test_rotation.py",
    "lab/test_signing.py",
    "lab/test_take_over.py",
    "lab/test_client.py",
    "lab/test_broken.py",
    "lab/test_own_repository.py",
    "lab/test_mailboxes.py",
    "lab/test_recipients.py",
    "lab/test_messages.py",
    "lab/test_lab.py",
    "lab/test_relay.py",
    "lab/test_bulk.py",
    "lab/test_shaping.py",
    "lab/test_campaign.py",
    "lab/test_reports.py",
    "lab/test_bounces.py",
    "lab/test_one_click.py",
    "lab/test_scan.py",
    "lab/test_timer.py",
    "lab/test_clock.py",
    "test_check.py",
    "package/test_refusals.py",
    "zones/test_property.py",
    "checks/test_broken_smtp_servers.py",
    "checks/test_runner.py",
    "checks/test_cleanup.py",
    "checks/test_smuggling.py",
    "test_run.py",
    "lab/test_providers.py",
    "checks/test_broken_name_servers.py",
    "checks/test_cases.py",
    "checks/test_sink.py",
    "checks/test_services.py",
    "checks/test_progress.py",
    "zones/test_odd_zones.py",
    "checks/test_operations.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that writes golden files."""
    parser.addoption(
        "--regolden", action="store_true", help="write golden files instead of comparing"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, bool]:
    file = item.path.as_posix()
    found = (i for i, one in enumerate(SLOWEST) if file.endswith(f"/tests/{one}"))
    # mypy takes longer than the rest of its file.
    return next(found, len(SLOWEST)), "mypy" not in item.name


@pytest.fixture(autouse=True, scope="session")
def _connectors() -> Iterator[None]:
    """Look for pyinfra's connectors once: it reads what is installed for each host of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connectors, "entry_points", cache(connectors.entry_points))
        yield


@pytest.fixture(scope="session")
def run_in() -> Iterator[RunIn]:
    """Runs pyinfra in a folder."""
    with forks(*USED) as runs:
        yield runs


@pytest.fixture
def run(run_in: RunIn) -> Run:
    """Runs pyinfra in the clone, on an inventory."""
    return lambda inventory, *arguments: run_in(ROOT, (), (str(inventory), *arguments))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """
    Return the comparison of a text with a golden file.

    Its arguments are the file's path, relative to the folder `golden` beside the test module, and
    the text. With `--regolden` the text is written to the file, to be read in the diff.
    """

    def compare(name: str, text: str) -> None:
        file = request.path.parent / "golden" / name
        if request.config.getoption("regolden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert text == file.read_text(), f"{name}: pytest --regolden writes it again"

    return compare
