"""Preparation of the host: packages, users, certificates and keys, before a service starts."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from ..model.desired import SystemUser
from ..model.request import PrepareRequest
from ..model.state import Existing
from .dkim import make_key
from .existing import existing
from .system import apt
from .system.patience import set_bound
from .system.shell import must, run
from .tls.certificates import provide
from .tls.rotation import make_next

AS_PACKAGE = {"DPKG_MAINTSCRIPT_PACKAGE": "pyinfra-mail"}  # deb-systemd-helper asks for it


def prepare(request: PrepareRequest) -> Existing:
    """Install packages, make users, certificates and keys; return the state after that."""
    set_bound(request.patience)
    if request.packages:
        _install(request)
    for user in request.system_users:
        _make(user)
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
        apt.install(request.packages)


def _make(user: SystemUser) -> None:
    options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
    must("users", "useradd", *options, "--home-dir", user.home, user.name)


@contextmanager
def _masked(units: Collection[str]) -> Iterator[None]:
    """Keep packages from starting unconfigured services; a reboot drops the mask too."""
    must("install", "systemctl", "mask", "--runtime", *units)
    try:
        yield
    finally:
        run("systemctl", "unmask", "--runtime", *units)
    # Debian's scripts have noted nothing of a masked unit, and would enable and start it at the
    # package's next upgrade, as Redis with a TCP port.
    for unit in units:
        run("deb-systemd-helper", "update-state", unit, extra=AS_PACKAGE)
