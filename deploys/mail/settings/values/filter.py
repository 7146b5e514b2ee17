"""
Judgement of incoming mail: the scores that mark and refuse it, and what has to be asked for.

True stands for a filter with its defaults, False for none.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field

from ...names import domain_name
from ..mistakes.sentences import shown
from ..types import Frozen
from .forms import Many, Words

JUNK, REJECT, GREYLIST = 6.0, 15.0, 4.0
MOST = 1000.0
_RIGHT = "write an author's domain like 'example.net', or a network like '192.0.2.0/24'"


def _switched(value: object) -> object:
    if not isinstance(value, bool | Mapping | Filter | None):
        raise ValueError(  # noqa: TRY004 - pydantic hides a TypeError
            f"{shown(value)} does not say what to judge; write True, False, or a dictionary like "
            '{"junk": 5}'
        )
    return {"enabled": value} if isinstance(value, bool) else value


def _score(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(  # noqa: TRY004 - pydantic hides a TypeError
            f"{shown(value)} is not a score; write a number like 6 or 7.5"
        )
    return value


def _waiting(value: object) -> object:
    """Return the score from which mail waits; True stands for the default one."""
    if isinstance(value, bool):
        return GREYLIST if value else None
    return value if value is None else _score(value)


def _exception(value: object) -> str:
    """Return an author's domain, or a network of servers that pass mail on."""
    text = str(value)
    try:
        if "/" in text or ":" in text or text.replace(".", "").isdigit():
            return str(ip_network(text))
        return domain_name(value)
    except ValueError:
        raise ValueError(f"{shown(value)} is neither a domain nor a network; {_RIGHT}") from None


Score = Annotated[float, BeforeValidator(_score), Field(gt=0, le=MOST), Words("score")]


class Filter(Frozen):
    """
    Scores of rspamd that file mail into Junk and refuse it, and exceptions.

    With a score in `greylist` unknown senders of such mail come again. No DMARC policy is applied
    to the authors' domains and the networks in `dmarc_except`. What is judged as spam is forwarded
    with `forward_spam` only, and servers of others are asked about mail with `outside` only. With
    `bayes` the words of messages that users move into Junk and out of it count.
    """

    enabled: bool = True
    junk: Score = JUNK
    reject: Score = REJECT
    greylist: Annotated[
        Annotated[float, Field(gt=0, le=MOST)] | None, BeforeValidator(_waiting)
    ] = None
    dmarc_except: Many[Annotated[str, BeforeValidator(_exception)]] = ()
    forward_spam: bool = False
    outside: bool = False
    bayes: bool = False

    @property
    def trusted_domains(self) -> tuple[str, ...]:
        """Return the authors' domains to which no DMARC policy is applied."""
        return tuple(one for one in self.dmarc_except if "/" not in one)

    @property
    def trusted_networks(self) -> Mapping[str, int]:
        """Return the networks to whose mail no DMARC policy is applied, each with its length."""
        networks = (one.partition("/") for one in self.dmarc_except if "/" in one)
        return {address: int(length) for address, _, length in networks}


SwitchedFilter = Annotated[
    Filter | None, BeforeValidator(_switched), Words("True, False, None or dictionary")
]
