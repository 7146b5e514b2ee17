"""
The web as a stranger meets it: HTTPS, with a certificate that is verified, and one answer.

RFC 8461 section 3.3 forbids to follow a redirect of a policy, and no other document that mail needs
has a reason to be elsewhere.
"""

import ssl
import time
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from ..core.world import Page, RefusedError, UnansweredError

_LONGEST = 65_536  # octets: more than any policy, little enough to hold


class Https:
    """Fetches documents by HTTPS; trusts authorities, as PEM, beside those that everybody does."""

    def __init__(self, authorities: str = "") -> None:
        self._authorities = authorities

    def get(self, url: str, limit: float, address: str = "") -> Page:
        """Return what a server sent within so many seconds; raise UnansweredError."""
        asked = urlsplit(url)
        where = asked
        if address:
            host = f"[{address}]" if ":" in address else address
            where = asked._replace(netloc=f"{host}:{asked.port or 443}")
        try:
            with requests.Session() as session:
                session.trust_env = not address  # a proxy would ask elsewhere
                session.mount("https://", _verifying(asked.hostname or "", self._authorities))
                answer = session.get(
                    where.geturl(),
                    headers={"Host": asked.netloc},
                    timeout=limit,
                    allow_redirects=False,
                    stream=True,
                )
                body = _body(answer, limit)
        except (requests.RequestException, HTTPError, OSError) as problem:
            at = f" at {address}" if address else ""
            raise _failure(problem, f"{url}{at} could not be fetched") from problem
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        location = answer.headers.get("Location", "")
        return Page(answer.status_code, kind, body.decode(errors="replace"), location)


def trusting(authorities: str) -> ssl.SSLContext:
    """Return a context for TLS that trusts authorities, as PEM, beside the system's."""
    context = ssl.create_default_context()
    if authorities.strip():
        context.load_verify_locations(cadata=authorities)
    return context


def _verifying(name: str, authorities: str) -> HTTPAdapter:
    """Return what verifies that a server has a name, wherever it is asked."""
    adapter = HTTPAdapter()
    adapter.init_poolmanager(1, 1, ssl_context=trusting(authorities), server_hostname=name)
    return adapter


def _body(answer: requests.Response, limit: float) -> bytes:
    """Return what a server sends, which may come slowly; raise TimeoutError."""
    body, deadline = b"", time.monotonic() + limit
    while len(body) < _LONGEST and (part := answer.raw.read1(_LONGEST, decode_content=True)):
        body += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"its document did not end within {limit:g} s")
    return body[:_LONGEST]


def _failure(problem: Exception, saw: str) -> UnansweredError:
    """Say the innermost reason: the outer ones repeat the URL and name our own library."""
    inner = problem
    while (next_ := inner.__context__ or inner.__cause__) and isinstance(next_, Exception):
        inner = next_
    text = f"{saw}: {str(inner) or type(inner).__name__}"
    refused = isinstance(inner, ConnectionError | ssl.SSLError)
    return RefusedError(text) if refused else UnansweredError(text)
