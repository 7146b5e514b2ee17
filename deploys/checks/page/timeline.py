"""The hops of a message as bars: each begins when the hop before it ends."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate

from ..core.report import Hop, Message

# The parts of `delays=` in the log of Postfix (postconf(5), delay_logging_resolution_limit).
_PARTS = ("before the queue", "in the queue", "connecting", "sending")


@dataclass(frozen=True)
class HopBar:
    """One hop as a bar; `segments` are starts and widths, in percent of the whole time."""

    hop: Hop
    transport: str
    time: str
    delays: str
    segments: tuple[tuple[float, float], ...]


def hop_bars(message: Message) -> list[HopBar]:
    """Return one bar for each hop of a message."""
    # Every bar has a least width, so that each hop can be seen.
    least = max((sum(_spans(hop)) for hop in message.hops), default=0) / 40 or 0.01
    spans = [_spans(hop) for hop in message.hops]
    widths = [max(sum(span), least) for span in spans]
    whole = sum(widths)
    begins = (sum(widths[:index]) for index in range(len(widths)))
    return [
        HopBar(hop, _transport(hop), _time(hop), _delays(hop), _segments(span, begin, width, whole))
        for hop, span, begin, width in zip(message.hops, spans, begins, widths, strict=True)
    ]


def in_clear_text(message: Message) -> bool:
    """Tell whether any hop crossed a network without TLS."""
    return any(hop.tls is False for hop in message.hops)


def _segments(
    span: tuple[float, ...], begin: float, width: float, whole: float
) -> tuple[tuple[float, float], ...]:
    total = sum(span)
    widths = [width * part / total for part in span] if total else [width]
    begins = accumulate(widths[:-1], initial=begin)
    return tuple(
        (100 * at / whole, 100 * wide / whole) for at, wide in zip(begins, widths, strict=True)
    )


def _spans(hop: Hop) -> tuple[float, ...]:
    """Return the seconds of each part that `delays=` has, or else all of them as one."""
    with suppress(ValueError):
        parts = tuple(max(0.0, float(one)) for one in hop.delays.split("/"))
        if len(parts) == len(_PARTS):
            return parts
    return (hop.seconds or 0.0,)


def _transport(hop: Hop) -> str:
    return {True: "by TLS", False: "in clear text", None: ""}[hop.tls]


def _time(hop: Hop) -> str:
    if hop.seconds is None:
        return "no date"
    if hop.delays:
        return f"{hop.seconds:.2f} s"
    return f"{hop.seconds:.0f} s" if hop.seconds else "under 1 s"


def _delays(hop: Hop) -> str:
    spans = _spans(hop)
    if len(spans) != len(_PARTS):
        return ""
    return ", ".join(f"{one:.2f} s {name}" for one, name in zip(spans, _PARTS, strict=True) if one)
