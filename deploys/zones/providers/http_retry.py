"""
What the classes of providers have to be told before they are safe to use.

A rate limit (429) or a server that is busy (5xx) is waited out, as long as it asks for (RFC 9110
section 10.2.3) and with a bound: whoever waits on us should hear of it. What may have happened
all the same, as a POST that was answered with 502, is not sent again; the next run looks.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from octodns.provider.base import BaseProvider
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from ...mail.errors import MailError
from . import octodns_fixes

TIMES, LONGEST_WAIT = 5, 30  # seconds, so two and a half minutes at the most
NOT_DONE = frozenset({429, 503})  # the server says that it has not begun
MAYBE_DONE = frozenset({500, 502, 504})

# Where a class waits by itself it is told to leave that to us: its pause is minutes long.
DEFAULTS: Mapping[str, object] = {"retry_count": 1, "retry_period": 10}

# These write a zone as a whole from what octoDNS knows of it, or a file from the changes alone:
# records of types that octoDNS does not know, or all others, would be lost.
WHOLE_ZONE = {
    "octodns_transip.TransipProvider": "replaces all of a zone",
    "octodns_bind.ZoneFileProvider": "writes a file that holds the changes alone",
    "octodns_bind.ZoneFileSource": "writes a file that holds the changes alone",
    "octodns.provider.yaml.YamlProvider": "writes files that no name server reads",
}


class Patience(Retry):
    """When a request is sent again."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002 - urllib3's signature
        """Tell whether an answer means that the same request may be sent again."""
        repeatable = method.upper() in Retry.DEFAULT_ALLOWED_METHODS
        return status_code in NOT_DONE or (repeatable and status_code in MAYBE_DONE)


def refuse_whole_zone_writers(path: str) -> None:
    """Raise MailError for a class that cannot change a record set without touching the others."""
    if path in WHOLE_ZONE:
        raise MailError(
            f"mail_dns: {path} {WHOLE_ZONE[path]}, so records of others could be lost; move the "
            'zone to another provider, or write {"class": "manual"} and publish by hand'
        )


def with_defaults(provider_class: type, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a class's arguments, with our defaults for those that it takes."""
    accepted = {
        name
        for base in inspect.getmro(provider_class)
        if "__init__" in vars(base)
        for name in inspect.signature(vars(base)["__init__"]).parameters
    }
    ours = {name: value for name, value in DEFAULTS.items() if name in accepted}
    return {**ours, **arguments}


def make_patient(provider: BaseProvider) -> None:
    """Let every HTTP session of a provider wait out rate limits and busy servers."""
    patience = Patience(
        total=TIMES,
        connect=0,  # a refused or lost connection is told of at once
        read=0,
        other=0,
        backoff_factor=0.5,
        backoff_max=LONGEST_WAIT,
        retry_after_max=LONGEST_WAIT,
        raise_on_status=False,
    )
    for session in octodns_fixes.sessions(provider):
        for adapter in session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                adapter.max_retries = patience
