"""Packages, keys and certificates: what may be there before anything serves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .dkim import make_key
from .existing import existing
from .system.shell import must, run
from .tls.certificates import provide
from .tls.rotation import make_next


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    """Install the packages and make the certificates asked for; return what then exists."""
    if request["packages"]:
        _install(request["packages"], request["masked"], request["preseed"])
    for certificate in request["certificates"]:
        provide(certificate)
    for certificate in request["next"]:
        make_next(certificate)
    for key in request["keys"]:
        make_key(key)
    return existing(request)


def _install(packages: list[str], units: list[str], preseed: str) -> None:
    if preseed:
        must("install", "debconf-set-selections", stdin=preseed)
    with _masked(units):
        must("install", "dpkg", "--configure", "-a", timeout=300)  # what a killed run left
        must("install", "apt-get", "-qq", "update", timeout=300)
        # Never at the price of a package that somebody else installed.
        options = ("-qq", "-y", "--no-remove", "--no-install-recommends")
        keep = ("-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120")
        must("install", "apt-get", *options, *keep, "install", *packages, timeout=900)


@contextmanager
def _masked(units: list[str]) -> Iterator[None]:
    """Keep packages from starting what is not configured; a reboot forgets the mask too."""
    must("install", "systemctl", "mask", "--runtime", *units)
    try:
        yield
    finally:
        run("systemctl", "unmask", "--runtime", *units)
