"""
Refusal by a provider: the reason for an error, as the end of a sentence.

The exceptions of provider packages share no base class, and many leave out what the API answered.
The answer is still held by the call that raised the error, so its reason is read there.
"""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from traceback import walk_tb
from typing import Any

from requests import Response

from ...mail.errors import MailError

LONGEST_DETAIL = 200
# Words of most providers, which give no HTTP status; then Google's, and the two of TSIG.
REFUSED = re.compile(
    "unauthorized|forbidden|authentication.?error|refresherror"
    "|the signature we sent|the key we used",
    re.IGNORECASE,
)
LOWEST_ERROR = 400  # RFC 9110 section 15


class UnreachableError(MailError):
    """The provider does not answer at all, so no further zone is read from it."""


def explained(error: Exception) -> tuple[type[MailError], str]:
    """Return the kind of an error, and its reason as the end of a sentence."""
    chain = list(_causes(error))
    answer = next(filter(_is_refusal, map(_answer, chain)), None)
    status = getattr(answer, "status_code", None)
    if status in (401, 403) or REFUSED.search(f"{type(error).__name__} {error}"):
        return MailError, "refuses our credentials; correct the key or token in mail_dns"
    if status:
        return MailError, f"answers with HTTP status {status}{_line(_reason(answer))}"
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in chain):
        return UnreachableError, "does not answer in time; check that it runs and can be reached"
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else ""
            return UnreachableError, (
                f"cannot be reached ({reason or cause.strerror}); check that it runs, and that the "
                "host and port in mail_dns are right"
            )
    return MailError, f"fails with {type(error).__name__}{_line(str(error))}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _is_refusal(answer: Any) -> bool:  # noqa: ANN401 - any HTTP library's answer
    status = getattr(answer, "status_code", None)
    return isinstance(status, int) and status >= LOWEST_ERROR


def _answer(error: BaseException) -> object:
    """Return the HTTP answer that an error is about; many classes raise it without one."""
    answer = getattr(error, "response", None)
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    held = (value for frame in reversed(frames) for value in frame.f_locals.values())
    refusals = (value for value in held if isinstance(value, Response) and _is_refusal(value))
    return answer if _is_refusal(answer) else next(refusals, None)


def _reason(answer: Any) -> str:  # noqa: ANN401 - any HTTP library's answer
    """Return the reason in the body of an answer: of JSON its texts, each with its key."""
    text = getattr(answer, "text", "")
    body = str(text() if callable(text) else text)  # a method of azure-core's answers
    try:
        return "; ".join(dict.fromkeys(_texts(json.loads(body))))
    except ValueError:
        return body


def _texts(body: object, key: str = "") -> Iterator[str]:
    if isinstance(body, Mapping):
        for name, part in body.items():
            yield from _texts(part, str(name))
    elif isinstance(body, list):
        for part in body:
            yield from _texts(part, key)
    elif isinstance(body, str) and body.strip():
        yield f"{key}: {body}" if key else body


def _line(text: str) -> str:
    line = next(iter(text.strip().splitlines()), "")[:LONGEST_DETAIL].rstrip(".")
    return f": {line}" if line else ""
