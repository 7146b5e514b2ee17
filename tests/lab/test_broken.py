"""A lab of brokenness: each fault is one switch, and exactly what it breaks is said to fail."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from tests.lab.faults import BATCHES, Fault
from tests.lab.runs import MAIL_HOSTS, UNPROVED, on, pyinfra, undone
from tests.lab.verification import failed, with_severity

pytestmark = pytest.mark.usefixtures("lab", "site")
DATABASE = "/var/lib/powerdns/pdns.sqlite3"
FRESH = "systemctl reset-failed unbound; systemctl restart unbound"
POSTFIX = "main.cf master.cf"


@pytest.fixture(scope="module")
def site() -> None:
    """Deploy everything once."""
    done = pyinfra("deploys/site.py", "-y", *UNPROVED)
    assert done.returncode == 0, done.stdout


@contextmanager
def names() -> Iterator[None]:
    """Put the zones back at the end, and let no resolver remember what they said."""
    on("ns", f"systemctl stop pdns; cp -a {DATABASE} /root/; systemctl start pdns")
    back = f"systemctl stop pdns; rm -f {DATABASE}-*; mv /root/pdns.sqlite3 {DATABASE}"
    with undone("ns", f"{back}; systemctl start pdns"), undone("resolver", FRESH):
        yield


@contextmanager
def postfix(host: str) -> Iterator[None]:
    """Put main.cf and master.cf back at the end."""
    on(host, f"cd /etc/postfix && cp -p {POSTFIX} /root/")
    with undone(host, f"cd /root && mv {POSTFIX} /etc/postfix/; postfix reload 2>/dev/null"):
        yield


@contextmanager
def switched_on(faults: Sequence[Fault]) -> Iterator[None]:
    there = [fault for fault in faults if fault.host]
    hosts = {fault.host for fault in there}
    with ExitStack() as stack:
        for host in hosts & set(MAIL_HOSTS):
            stack.enter_context(postfix(host))
        if "ns" in hosts:
            stack.enter_context(names())
        for fault in there:
            stack.enter_context(undone(fault.host, fault.mends))
            on(fault.host, fault.breaks)
        for host in hosts & set(MAIL_HOSTS):
            on(host, "postfix reload 2>&1")
        if "ns" in hosts:
            on("ns", "pdns_control purge >/dev/null")
            on("resolver", FRESH)
        yield


@pytest.mark.parametrize("name", BATCHES)
def test_exactly_what_is_broken_fails(name: str) -> None:
    faults = BATCHES[name]
    said = [word for fault in faults for one in fault.data for word in ("--data", one)]

    with switched_on(faults):
        found = failed(*said)

    expected = {failing for fault in faults for failing in fault.fails}
    hidden = {failing for fault in faults for failing in fault.hides}
    assert with_severity(found, "error", "warning") == expected
    assert with_severity(found, "unknown") == hidden
