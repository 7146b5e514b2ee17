"""The way of a message as the page draws it: for each server a bar, from when until when."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ..core.report import Message, Stop

# What Postfix's `delays=` counts, in its order.
_PARTS = ("coming in", "in the queue", "connecting", "handing over")


@dataclass(frozen=True)
class Leg:
    """A server's part of the way; `bars` are beginnings and widths, in hundredths of the whole."""

    stop: Stop
    came: str
    time: str
    parts: str
    bars: tuple[tuple[float, float], ...]


def legs(message: Message) -> list[Leg]:
    """Return each server's part of a message's way."""
    # A hair of time is drawn too, so that each server can be seen.
    least = max((sum(_spans(stop)) for stop in message.hops), default=0) / 40 or 0.01
    spans = [_spans(stop) for stop in message.hops]
    widths = [max(sum(span), least) for span in spans]
    whole = sum(widths)
    begins = (sum(widths[:index]) for index in range(len(widths)))
    return [
        Leg(stop, _came(stop), _time(stop), _parts(stop), tuple(_bars(span, begin, width, whole)))
        for stop, span, begin, width in zip(message.hops, spans, begins, widths, strict=True)
    ]


def clear(message: Message) -> bool:
    """Return whether any part of a way was in clear text."""
    return any(stop.tls is False for stop in message.hops)


def _bars(
    span: tuple[float, ...], begin: float, width: float, whole: float
) -> Iterator[tuple[float, float]]:
    total = sum(span)
    if not total:
        yield 100 * begin / whole, 100 * width / whole
        return
    at = begin
    for part in span:
        wide = width * part / total
        yield 100 * at / whole, 100 * wide / whole
        at += wide


def _spans(stop: Stop) -> tuple[float, ...]:
    """Return the seconds of each part that the log tells, or all of them as one."""
    with suppress(ValueError):
        parts = tuple(max(0.0, float(one)) for one in stop.delays.split("/"))
        if len(parts) == len(_PARTS):
            return parts
    return (stop.seconds or 0.0,)


def _came(stop: Stop) -> str:
    return {True: "by TLS", False: "in clear text", None: ""}[stop.tls]


def _time(stop: Stop) -> str:
    if stop.seconds is None:
        return "not dated"
    if stop.delays:
        return f"{stop.seconds:.2f} s"
    return f"{stop.seconds:.0f} s" if stop.seconds else "under 1 s"


def _parts(stop: Stop) -> str:
    spans = _spans(stop)
    if len(spans) != len(_PARTS):
        return ""
    return ", ".join(f"{one:.2f} s {name}" for one, name in zip(spans, _PARTS, strict=True) if one)
