"""
The web as a stranger meets it: HTTPS, with a certificate that is verified, and one answer.

RFC 8461 section 3.3 forbids to follow a redirect of a policy, and no other document that mail needs
has a reason to be elsewhere.
"""

from contextlib import closing

import requests

from deploys.checks.world import Page, UnansweredError

_LONGEST = 65_536  # octets: more than any policy, little enough to hold


class Https:
    """Fetches documents by HTTPS; a file of authorities where the system's do not suffice."""

    def __init__(self, authorities: str = "") -> None:
        self._verify: str | bool = authorities or True

    def get(self, url: str, limit: float) -> Page:
        """Return what a server sent within so many seconds; raise UnansweredError."""
        try:
            answer = requests.get(
                url, timeout=limit, verify=self._verify, allow_redirects=False, stream=True
            )
            with closing(answer):
                body = answer.raw.read(_LONGEST, decode_content=True)
        except (requests.RequestException, OSError) as problem:
            raise UnansweredError(f"{url} could not be fetched: {_reason(problem)}") from problem
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        location = answer.headers.get("Location", "")
        return Page(answer.status_code, kind, body.decode(errors="replace"), location)


def _reason(problem: Exception) -> str:
    """Return the innermost reason: the outer ones repeat the URL and name our own library."""
    while (inner := problem.__context__ or problem.__cause__) and isinstance(inner, Exception):
        problem = inner
    return str(problem) or type(problem).__name__
