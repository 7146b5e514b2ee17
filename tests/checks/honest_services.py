"""Pairs of the questions that a mail program has which knows nothing but an address."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from deploys.checks.dns import services
from deploys.checks.finding import Finding
from deploys.checks.world import Answer
from deploys.mail import srv
from tests.checks.pairs import Case, Pair
from tests.checks.servers import Submission, certified, serving
from tests.checks.worlds import Zone, fleet, world


def led(records: Mapping[str, tuple[str, ...]]) -> Zone:
    """Return a DNS with these SRV records, and where mx1 is."""
    named = {name: records.get(name, ()) for name in srv.SERVICES}
    return Zone(
        {
            ("mx1.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))],
            **{
                (f"_{name}._tcp.harbor.example", "SRV"): [Answer("ns", values)]
                for name, values in named.items()
            },
        }
    )


def submitted(*, tls: bool) -> Case:
    """Ask where a record leads to a port for submission."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(Submission(), certified(folder) if tls else None) as port:
            names = led({"submission": (f"0 1 {port} mx1.harbor.example.",), "imaps": ("0 0 0 .",)})
            return list(services.services(fleet(), replace(world(folder), names=names)))

    return case


PAIRS: Mapping[str, Pair] = {
    "dns.srv": Pair(submitted(tls=True), submitted(tls=False)),
}
