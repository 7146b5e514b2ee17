"""Preparation of the host: packages, certificates and keys, before a service starts."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ..model.request import PrepareRequest
from ..model.state import Existing
from .dkim import make_key
from .existing import existing
from .system.shell import must, run
from .tls.certificates import provide
from .tls.rotation import make_next


def prepare(request: PrepareRequest) -> Existing:
    """Install packages, make certificates and keys; return the state after that."""
    if request.packages:
        _install(request)
    for certificate in request.certificates:
        provide(certificate)
    for certificate in request.next:
        make_next(certificate)
    for key in request.keys:
        make_key(key)
    return existing(request)


def _install(request: PrepareRequest) -> None:
    if request.preseed:
        must("install", "debconf-set-selections", stdin=request.preseed)
    with _masked(request.masked):
        must(
            "install", "dpkg", "--configure", "-a", timeout=300
        )  # in case an interrupted run left packages unpacked
        must("install", "apt-get", "-qq", "update", timeout=300)
        # Packages of others are never removed.
        options = ("-qq", "-y", "--no-remove", "--no-install-recommends")
        keep = ("-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120")
        must("install", "apt-get", *options, *keep, "install", *request.packages, timeout=900)


@contextmanager
def _masked(units: Iterable[str]) -> Iterator[None]:
    """Keep packages from starting unconfigured services; a reboot drops the mask too."""
    must("install", "systemctl", "mask", "--runtime", *units)
    try:
        yield
    finally:
        run("systemctl", "unmask", "--runtime", *units)
