"""
HTTP sessions of octoDNS's providers: a timeout for each request, and retries that are safe.

A rate limit (429) or a busy server (5xx) is retried after the time that the server asks for (RFC
9110 section 10.2.3), up to a maximum. A request that may have been carried out in spite of its
answer, such as a POST with 502, is not sent again: the next run reads the zone.
"""

from collections.abc import Iterator
from typing import Any

from octodns.provider.base import BaseProvider
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from .octodns_fixes import parts

TIMEOUT = 30.0  # seconds for an answer, if a provider sets no timeout
RETRIES, MAX_WAIT = 5, 30  # seconds, so two and a half minutes at the most
NOT_DONE = frozenset({429, 503})  # the server has not begun
MAYBE_DONE = frozenset({500, 502, 504})
DEPTH = 4  # levels of objects from a provider through its clients to the session


class RetryPolicy(Retry):
    """The retries of a request, by its method and the status of the answer."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002 - urllib3's signature
        """Tell whether an answer allows the same request to be sent again."""
        repeatable = method.upper() in Retry.DEFAULT_ALLOWED_METHODS
        return status_code in NOT_DONE or (repeatable and status_code in MAYBE_DONE)


class _TimeoutAdapter(HTTPAdapter):
    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - passed on
        return super().send(
            request, *args, **kwargs | {"timeout": kwargs.get("timeout") or TIMEOUT}
        )


def sessions(provider: BaseProvider) -> Iterator[Session]:
    """Yield the HTTP sessions of a provider, at any depth."""
    return (part for part in parts(provider, DEPTH) if isinstance(part, Session))


def limit(provider: BaseProvider) -> None:
    """Give every HTTP session of a provider a timeout and retries."""
    policy = RetryPolicy(
        total=RETRIES,
        connect=0,  # a refused or lost connection is reported immediately
        read=0,
        other=0,
        backoff_factor=0.5,
        backoff_max=MAX_WAIT,
        retry_after_max=MAX_WAIT,
        raise_on_status=False,
    )
    for session in sessions(provider):
        plain = [url for url, one in session.adapters.items() if type(one) is HTTPAdapter]
        for url in plain:  # an adapter of the provider's own keeps its own timeout
            session.mount(url, _TimeoutAdapter())
        for adapter in session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                adapter.max_retries = policy


def share(provider: BaseProvider, first: BaseProvider) -> None:
    """Give a provider the connections, timeouts and retries of another one of its class."""
    for session, known in zip(sessions(provider), sessions(first), strict=False):
        session.adapters = known.adapters
