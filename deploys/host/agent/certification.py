"""
Certificates that are issued, taken over and replaced, before the services load them.

An authority that does not answer is no reason to serve nothing: what is there stays in force, the
answer says so, and the next run asks again.
"""

from collections.abc import Iterator
from typing import Any

from .existing import existing
from .system.shell import Refused
from .tls import dane
from .tls.acme import issue
from .tls.certificates import reload, take
from .tls.rotation import rotate


def certify(request: dict[str, Any]) -> dict[str, Any]:
    """Have certificates issued, and serve them; where that cannot be, what is there stays."""
    for announced in request["announced"]:
        dane.note(**announced)
    notes = [*_issued(request["issue"]), *_rotated(request["rotate"])]
    for certificate in request["take"]:
        take(certificate)
    reload([*request["issue"], *request["rotate"], *request["take"]])
    found = existing(request)
    notes += (one["waits"] for one in found["certificates"].values() if one and one["waits"])
    return found | {"notes": notes}


def _issued(certificates: list[dict[str, Any]]) -> Iterator[str]:
    for certificate in certificates:
        try:
            issue(certificate, certificate["kinds"])
            take(certificate)
        except Refused as refused:
            yield _note(certificate, refused)
            break  # the next one would only wait for the same server


def _rotated(certificates: list[dict[str, Any]]) -> Iterator[str]:
    for certificate in certificates:
        try:
            rotate(certificate, issue)
        except Refused as refused:
            yield f"the keys of {certificate['name']} stay: {refused}"


def _note(certificate: dict[str, Any], refused: Refused) -> str:
    return (
        f"{certificate['directory']} issued no certificate for {certificate['name']}: {refused}; "
        "it is served with the one that is there, and the next run asks again"
    )
