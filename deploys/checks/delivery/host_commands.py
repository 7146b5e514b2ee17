"""
Commands on a host: submit test messages, wait for them in a mailbox, and remove them again.

Each is one remote command for any number of messages. Times in the output are of the host's clock.
The begin and end of a command, by both clocks, bound the difference between them.
"""

import base64
import mailbox
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from ...mail.paths import POSTFIX_BULK
from ..clients.dsn import original_id
from ..clients.message import TestMessage, id_in
from ..core.world import UnansweredError, World

CHANNELS = 4  # commands on one host at a time: sshd allows ten (MaxSessions), for all checks


@dataclass(frozen=True)
class Submitted:
    """The time when a server took a message, or the reply that refused it."""

    at: float
    refusal: str = ""


@dataclass(frozen=True)
class Received:
    """The time when a message was first seen whole in its mailbox, its bytes, and its folder."""

    at: float
    raw: bytes
    folder: str = ""


@dataclass(frozen=True)
class Mailbox:
    """An mbox file on a host of the inventory."""

    host: str
    path: str


def submit(world: World, host: str, messages: Iterable[TestMessage]) -> dict[str, Submitted]:
    """Submit messages by the host's sendmail; raise UnansweredError if the host is silent."""
    lines = [
        f"{message.id} {message.sender} {message.recipient} {message.notify or '-'} "
        f"{POSTFIX_BULK if message.bulk else '-'} {base64.b64encode(message.compose()).decode()}"
        for message in messages
    ]
    output, offset = _run(world, host, ["submit.sh"], lines, world.timeout)
    return {
        words[1]: Submitted(float(words[2]) + offset, _refusal(words))
        for words in output
        if words[0] in ("sent", "refused")
    }


def wait(world: World, box: Mailbox, ids: Sequence[str]) -> dict[str, Received]:
    """Wait for messages of one run in a mailbox and return those that came in time."""
    run = ids[0].partition("-")[0]
    numbers = [id_.partition("-")[2] for id_ in ids]
    script = ["await.sh", str(round(world.patience * 1000)), box.path, run, *numbers]
    output, offset = _run(world, box.host, script, [], world.patience + world.timeout)
    seen = {words[1]: float(words[2]) + offset for words in output if words[0] == "arrived"}
    raw = {id_in(message) or original_id(message): message for message in _messages(output)}
    return {id_: Received(at, raw[id_]) for id_, at in seen.items() if id_ in raw}


def output_of(world: World, host: str, script: Sequence[str], word: str) -> list[str]:
    """Return the lines of a script's output that begin with a word, without the word."""
    output, _ = _run(world, host, script, [], world.timeout)
    return [" ".join(words[1:]) for words in output if words[0] == word]


def _run(
    world: World, host: str, script: Sequence[str], lines: Sequence[str], limit: float
) -> tuple[list[list[str]], float]:
    begin = world.clock()
    text = files(__package__).joinpath("scripts", script[0]).read_text()
    perl = script[0].endswith(".pl")
    program = ["perl", "-e", text, "--", *script[1:]] if perl else ["sh", "-c", text, *script]
    command = shlex.join(program)
    output = [
        line.split(maxsplit=3) for line in world.hosts.run(host, command, lines, limit) if line
    ]
    clock = {words[0]: float(words[1]) for words in output if words[0] in ("begin", "end")}
    if len(clock) != len(("begin", "end")):
        raise UnansweredError(f"the command {script[0]} on {host} ended without its last line")
    return output, _offset(begin, clock, world.clock())


def _offset(begin: float, clock: Mapping[str, float], end: float) -> float:
    """Return the seconds to add to a host's times; zero if the clocks can agree."""
    lowest, highest = begin - clock["begin"], end - clock["end"]
    return min(max(0.0, lowest), highest)


def _refusal(words: Sequence[str]) -> str:
    if words[0] == "sent":
        return ""
    return words[3] if words[3:] else "sendmail gave no reason"


def _messages(output: Iterable[Sequence[str]]) -> Iterator[bytes]:
    encoded = "".join(words[1] for words in output if words[0] == "mail")
    with tempfile.NamedTemporaryFile() as file:
        file.write(base64.b64decode(encoded))
        file.flush()
        box = mailbox.mbox(file.name, create=False)
        yield from (box.get_bytes(key) for key in box.iterkeys())
        box.close()
