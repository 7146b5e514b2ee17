"""
GET and POST over HTTPS, at an address of choice.

Certificates are verified, and size and time have limits.

No redirect is followed. RFC 8461 section 3.3 forbids it for a policy, and no other document that
mail needs has a reason to be elsewhere.
"""

import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ..mail.errors import RefusedError, UnansweredError

# Most runs fetch nothing, so this library and its dependencies are imported by the first fetch.
if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter

_LONGEST = 65_536  # octets, RFC 8461 section 3.3: more than any policy needs


@dataclass(frozen=True)
class Page:
    """
    The status, media type and text of a document, of which at most 64 KiB are read.

    `location` is the URL to which the server redirects.
    """

    status: int
    kind: str
    text: str
    location: str = ""


class Https:
    """Fetches documents; trusts certificate authorities, as PEM, in addition to the system's."""

    def __init__(self, authorities: str = "", port: int = 443) -> None:
        self._authorities, self._port = authorities, port

    def get(self, url: str, limit: float, address: str = "") -> Page:
        """
        Return a document that comes within so many seconds; raise UnansweredError.

        The server is asked at an address, or else at those of its name.
        """
        return self._answer(url, None, limit, address)

    def post(self, url: str, form: str, limit: float, address: str = "") -> Page:
        """Return the answer to a form (application/x-www-form-urlencoded); as `get` does."""
        return self._answer(url, form, limit, address)

    def _answer(self, url: str, form: str | None, limit: float, address: str) -> Page:
        import requests  # noqa: PLC0415 - see above
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - see above

        requested = urlsplit(url)
        try:
            with requests.Session() as session:
                session.trust_env = not address  # a proxy would ask elsewhere
                session.mount("https://", _verifying(requested.hostname or "", self._authorities))
                answer = session.request(
                    "GET" if form is None else "POST",
                    self._url_at(requested, address),
                    data=form,
                    headers=_headers(requested.netloc, form),
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

    def _url_at(self, requested: SplitResult, address: str) -> str:
        """Return a URL with an address in the place of its host name, if there is one."""
        if not address:
            return requested.geturl()
        host = f"[{address}]" if ":" in address else address
        return requested._replace(netloc=f"{host}:{requested.port or self._port}").geturl()


def _headers(server: str, form: str | None) -> dict[str, str]:
    kind = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
    return {"Host": server, **kind}


def trusting(authorities: str) -> ssl.SSLContext:
    """Return a context for TLS that trusts authorities, as PEM, in addition to the system's."""
    context = ssl.create_default_context()
    if authorities.strip():
        context.load_verify_locations(cadata=authorities)
    return context


def _verifying(name: str, authorities: str) -> "HTTPAdapter":
    """Return an adapter that verifies the name of a server, at any address."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - see above

    adapter = HTTPAdapter()
    adapter.init_poolmanager(1, 1, ssl_context=trusting(authorities), server_hostname=name)
    return adapter


def _body(answer: "requests.Response", limit: float) -> bytes:
    """Return the document of a server; raise TimeoutError if it comes too slowly."""
    body, deadline = b"", time.monotonic() + limit
    while len(body) < _LONGEST and (part := answer.raw.read1(_LONGEST, decode_content=True)):
        body += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"its document did not end within {limit:g} s")
    return body[:_LONGEST]


def _failure(problem: Exception, sentence: str) -> UnansweredError:
    """Return the innermost reason: the outer ones repeat the URL and name our own library."""
    inner = problem
    while (next_ := inner.__context__ or inner.__cause__) and isinstance(next_, Exception):
        inner = next_
    reason = getattr(inner, "strerror", "") or str(inner) or type(inner).__name__
    if isinstance(inner, ssl.SSLCertVerificationError):
        reason = f"its certificate is not valid ({inner.verify_message})"
    text = f"{sentence}: {reason}"
    refused = isinstance(inner, ConnectionError | ssl.SSLError)
    return RefusedError(text) if refused else UnansweredError(text)
