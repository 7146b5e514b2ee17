"""Command line of the benches."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from deploys.mail.errors import MailError

from .bulk import bulk
from .deployment import NOTES, Sizes, deployment
from .handler import handler
from .inbound import inbound
from .instruments.command import ROOT, BenchError
from .instruments.report import Report
from .instruments.sender import SUITES
from .outbound import outbound
from .publication import publication
from .start import start
from .switch import switch
from .verification import verification

REPORTS = ROOT / "reports" / "bench"
BOTH = "deployment"
CARRIED: Mapping[str, Callable[..., list[Report]]] = {
    "bulk": bulk,
    "inbound": inbound,
    "outbound": outbound,
}


def main(arguments: Sequence[str]) -> int:
    """Run one bench, show its tables and write its reports."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the lab is removed
    progress = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        reports = _measured(options, progress)
    except (BenchError, MailError) as error:
        progress.print(f"error: {error}", style="red", markup=False)
        return 1
    console = Console()
    for report in reports:
        console.print(report.table())
        console.print(f"The report: {report.write(REPORTS).relative_to(Path.cwd())}")
    return 0


def _measured(options: argparse.Namespace, progress: Console) -> list[Report]:
    common = (options.runs, progress.print)
    match options.bench:
        case "start":
            found = [start(*common)]
        case "handler":
            found = [handler(options.suppressed, *common)]
        case "switch":
            found = switch(options.release, *common, keep=options.keep)
        case "zone":
            found = [publication(options.domains, *common, keep=options.keep)]
        case "verify":
            found = [verification(options.hosts, options.domains, *common, keep=options.keep)]
        case name if carried := CARRIED.get(name):
            found = carried(options.release, options.messages, *common, keep=options.keep)
        case name:
            benches = sorted(NOTES, reverse=True) if name == BOTH else [name]
            sizes = Sizes(options.hosts, options.near)
            found = deployment(benches, sizes, *common, keep=options.keep)
    return found


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    benches = parser.add_subparsers(dest="bench", required=True, help="what to measure")
    for name in (*sorted(NOTES), BOTH):
        deploying = _common(benches.add_parser(name))
        deploying.add_argument(
            "--hosts", type=_number, nargs="+", default=[1, 5, 20], help="numbers of mail hosts"
        )
        deploying.add_argument("--near", action="store_true", help="leave the far hosts out")
    _runs(benches.add_parser("start"))
    _runs(benches.add_parser("handler")).add_argument(
        "--suppressed",
        type=_number,
        nargs="+",
        default=[1000, 1_000_000],
        help="numbers of suppressed recipients",
    )
    carrying = _common(benches.add_parser("outbound"))
    carrying.add_argument(
        "--messages", type=_number, default=3000, help="messages of each contender"
    )
    campaign = _common(benches.add_parser("bulk"))
    campaign.add_argument("--messages", type=_number, default=5000, help="messages of a campaign")
    for bench in (carrying, campaign, _common(benches.add_parser("switch"))):
        bench.add_argument("--release", choices=SUITES, default="12", help="Debian release")
    incoming = _common(benches.add_parser("inbound"))
    incoming.add_argument("--messages", type=_number, default=2000, help="messages of each run")
    incoming.add_argument(
        "--release", choices=SUITES, nargs="+", default=[*SUITES], help="Debian releases"
    )
    _common(benches.add_parser("zone")).add_argument(
        "--domains", type=_number, nargs="+", default=[1, 100, 1000], help="numbers of domains"
    )
    proofs = _common(benches.add_parser("verify"))
    proofs.add_argument(
        "--domains",
        type=_number,
        nargs="+",
        default=[1, 10, 50],
        help="numbers of domains of one host",
    )
    proofs.add_argument(
        "--hosts",
        type=_number,
        nargs="+",
        default=[1, 10],
        help="numbers of hosts with one domain each",
    )
    return parser.parse_args(arguments)


def _runs(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "--runs", type=_number, default=3, help="runs of each case; the median counts"
    )
    return parser


def _common(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _runs(parser)
    parser.add_argument("--keep", action="store_true", help="leave the lab up afterwards")
    return parser


def _number(text: str) -> int:
    """Return a number of runs, hosts, domains, messages or recipients, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
