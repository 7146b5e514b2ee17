"""
DNS-01 challenges (RFC 8555 section 8.4): certbot waits while the controller changes the zone.

An order begins as a transient unit. certbot's hook writes the value of the TXT record to a file,
and waits until the record is published. Each order has a directory of its own, so that orders run
side by side, and certbot's timer does not try to renew what it cannot. The keys stay on the host.
"""

import shlex
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ....mail import paths
from ...model.desired import Certificate
from ..system.shell import Refused, must, run
from .acme import account, command, reason, trust

ORDERS = Path(paths.ACME_ORDERS)
BEGIN_SECONDS, FINISH_SECONDS, LIFETIME = 90, 180, 3600
VALUE, PUBLISHED, OUTPUT, STATUS = "value", "published", "output", "status"
# For as long as an order may live.
HOOK = (
    'umask 077; printf %s "$CERTBOT_VALIDATION" > {order}/new; mv {order}/new {order}/value; '
    "while ! test -e {order}/published; do sleep 0.2; done"
)
ORDER = 'order=$1; shift; "$@" > "$order/output" 2>&1; echo $? > "$order/new"; '
ORDER += 'mv "$order/new" "$order/status"'


def begin(certificates: Iterable[Certificate]) -> None:
    """Begin the orders of certificates, and wait until each has the value of its record."""
    orders: list[Path] = []
    for certificate in certificates:
        _register(certificate)
        for kind in certificate.kinds:
            orders.append(_order(certificate, kind))
            if not _waits(orders[-1]):
                _start(certificate, kind)
    deadline = time.monotonic() + BEGIN_SECONDS
    while not all(_waits(order) or _ended(order) for order in orders):
        if time.monotonic() > deadline:
            return  # the finish of such an order gives its reason
        time.sleep(0.1)


def values() -> dict[str, tuple[str, ...]]:
    """Return the values of the TXT records that orders wait for, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for order in sorted(ORDERS.glob("*/value")):
        if _waits(order.parent):
            name = order.parent.name.rpartition("-")[0]
            found[name] = (*found.get(name, ()), order.read_text())
    return found


def finish(certificate: Certificate) -> None:
    """Let the orders of a certificate go on, now that the records are there; raise Refused."""
    orders = [_order(certificate, kind) for kind in certificate.kinds]
    if not all(order.exists() for order in orders):
        why = "mail_acme_challenge = 'dns' needs the zone: run deploys/site.py"
        raise Refused("issue", why)
    for order in orders:
        (order / PUBLISHED).touch()
    try:
        for order in orders:
            _require(certificate, order)
    finally:
        close(certificate)


def close(certificate: Certificate) -> None:
    """Stop the orders of a certificate, and remove what is left of them."""
    for order in (_order(certificate, kind) for kind in certificate.kinds):
        run("systemctl", "stop", _unit(order))
        shutil.rmtree(order, ignore_errors=True)


def _require(certificate: Certificate, order: Path) -> None:
    deadline = time.monotonic() + FINISH_SECONDS
    while not _ended(order):
        if time.monotonic() > deadline:
            raise Refused("issue", f"certbot did not finish within {FINISH_SECONDS} s")
        time.sleep(0.1)
    if (order / STATUS).read_text().strip() != "0":
        raise Refused("issue", reason(certificate, (order / OUTPUT).read_text(errors="replace")))


def forget_others(certificate: Certificate) -> None:
    """Delete lineages of another challenge, which certbot's timer would try to renew in vain."""
    if not all(Path(file).exists() for file in certificate.files):
        return  # not issued yet
    for kind in certificate.kinds:
        lineage = f"{certificate.name}-{kind}"
        if Path(paths.CERTBOT, "renewal", f"{lineage}.conf").exists():
            run("certbot", "delete", "--non-interactive", "--cert-name", lineage)


def _register(certificate: Certificate) -> None:
    """Make the account that all orders share, unless there is one."""
    accounts = Path(paths.CERTBOT, "accounts", certificate.directory.partition("://")[2])
    if not any(accounts.glob("*/regr.json")):
        argv = ("certbot", "register", "--non-interactive", *account(certificate))
        done = run(*argv, extra=trust(certificate))
        if done.returncode:
            raise Refused("issue", reason(certificate, f"{done.stdout}\n{done.stderr}"))


def _start(certificate: Certificate, kind: str) -> None:
    order, home = _order(certificate, kind), _home(certificate, kind)
    shutil.rmtree(order, ignore_errors=True)
    order.mkdir(mode=0o700, parents=True)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (home / "accounts").is_symlink():
        (home / "accounts").symlink_to(Path(paths.CERTBOT, "accounts"))
    environment = (f"--setenv={name}={value}" for name, value in trust(certificate).items())
    unit = ("--quiet", "--collect", f"--unit={_unit(order)}", f"-pRuntimeMaxSec={LIFETIME}")
    argv = command(certificate, kind, _challenge(order, home))
    must(
        *("issue", "systemd-run", *unit, *environment),
        *("sh", "-c", ORDER, "sh", str(order), *argv),
    )


def _challenge(order: Path, home: Path) -> Iterator[str]:
    yield from ("--manual", "--preferred-challenges", "dns", "--manual-auth-hook")
    yield f"sh -c {shlex.quote(HOOK.format(order=order))}"
    yield from ("--config-dir", str(home), "--work-dir", f"{home}/work", "--logs-dir")
    yield f"{home}/logs"


def _order(certificate: Certificate, kind: str) -> Path:
    return ORDERS / f"{certificate.name}-{kind}"


def _home(certificate: Certificate, kind: str) -> Path:
    return Path(paths.certbot("dns", f"{certificate.name}-{kind}"))


def _unit(order: Path) -> str:
    return f"pyinfra-mail-acme-{order.name}"


def _waits(order: Path) -> bool:
    """Tell whether certbot waits for the record of an order."""
    return (order / VALUE).exists() and not (order / PUBLISHED).exists() and _runs(order)


def _ended(order: Path) -> bool:
    return (order / STATUS).exists() or not _runs(order)


def _runs(order: Path) -> bool:
    return run("systemctl", "is-active", "--quiet", f"{_unit(order)}.service").returncode == 0
