"""A lab of brokenness: each fault is one switch, and exactly what it breaks is said to fail."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.lab.faults import BATCHES, Fault
from tests.lab.running import on, pyinfra, undone
from tests.lab.verifying import failed, passed, with_severity

pytestmark = pytest.mark.usefixtures("lab", "site")
DATABASE = "/var/lib/powerdns/pdns.sqlite3"
FRESH = "systemctl reset-failed unbound; systemctl restart unbound"
MAIN = "/etc/postfix/main.cf"


@pytest.fixture(scope="module")
def site() -> None:
    """Deploy everything once."""
    passed(pyinfra("deploys/site.py", "-y"))


@contextmanager
def names() -> Iterator[None]:
    """Put the zones back at the end, and let no resolver remember what they said."""
    on("ns", f"systemctl stop pdns; cp -a {DATABASE} /root/; systemctl start pdns")
    back = f"systemctl stop pdns; rm -f {DATABASE}-*; mv /root/pdns.sqlite3 {DATABASE}"
    with undone("ns", f"{back}; systemctl start pdns"), undone("resolver", FRESH):
        yield


@contextmanager
def postfix(host: str) -> Iterator[None]:
    """Put main.cf back at the end."""
    on(host, f"cp -p {MAIN} /root/")
    with undone(host, f"mv /root/main.cf {MAIN}; postfix reload 2>/dev/null"):
        yield


@contextmanager
def switched_on(faults: tuple[Fault, ...]) -> Iterator[None]:
    with ExitStack() as stack:
        for host in {fault.host for fault in faults}:
            stack.enter_context(names() if host == "ns" else postfix(host))
        for fault in faults:
            stack.enter_context(undone(fault.host, fault.mends))
            on(fault.host, fault.breaks)
        for host in {fault.host for fault in faults}:
            on(host, "pdns_control purge >/dev/null" if host == "ns" else "postfix reload 2>&1")
        if any(fault.host == "ns" for fault in faults):
            on("resolver", FRESH)
        yield


@pytest.mark.parametrize("name", BATCHES)
def test_exactly_what_is_broken_fails(name: str) -> None:
    faults = tuple(BATCHES[name])

    with switched_on(faults):
        found = failed()

    expected = {failing for fault in faults for failing in fault.fails}
    assert with_severity(found, "error", "warning") == expected
    assert with_severity(found, "unknown") == set()
