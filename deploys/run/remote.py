"""
Remote commands through pyinfra, each with a time limit, each failure one sentence.

pyinfra's own timeout begins when the channel of a command is open. A hung sshd may take an hour to
open one, so a second and slightly longer timeout covers the whole command.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import gevent
from paramiko import SSHException
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS
from pyinfra.api.command import FunctionCommand, StringCommand
from pyinfra.api.host import Host

from ..mail.errors import MailError

OPENING = 5  # seconds, in addition to those of the command itself
KEEPALIVE = 10  # seconds
EXCERPT = 300  # characters of an error output that a sentence quotes
# A login shell may print too, before a command and after it (motd, .bashrc, a trap for EXIT).
BEGIN, END = "=== pyinfra-mail: output begins ===", "=== pyinfra-mail: output ends ==="

Commands = Generator[StringCommand | FunctionCommand, None, None]  # of one operation


class RemoteError(MailError):
    """A remote command failed or did not end in time; the text gives the reason, not the host."""


def connector_arguments(arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the global arguments of an operation that apply to each command, such as `_sudo`."""
    present = arguments or {}
    return {key: present[key] for key in CONNECTOR_ARGUMENT_KEYS if key in present}


def marked(command: StringCommand) -> StringCommand:
    """Return a command that puts marks around its output."""
    begin, end = (f"printf '\\n%s\\n' '{mark}'" for mark in (BEGIN, END))
    return StringCommand(f"{begin}; (", command, f"); status=$?; {end}; exit $status")


def between_marks(lines: Sequence[str]) -> list[str]:
    """Return the output of a marked command; raise RemoteError if it is incomplete."""
    try:
        first = lines.index(BEGIN) + 1
        output = list(lines[first : lines.index(END, first)])
    except ValueError as error:
        raise RemoteError("the output of the command is incomplete") from error
    return output[:-1] if output and not output[-1] else output  # the end of its last line


@contextmanager
def time_limit(host: Host, seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a block that takes longer; the connection to the host counts too."""
    client = getattr(host.connector, "client", None)
    transport = client.get_transport() if client else None
    if transport:
        transport.set_keepalive(KEEPALIVE)
        transport.channel_timeout = seconds
    with gevent.Timeout(seconds + OPENING, TimeoutError):
        yield


def run(
    host: Host,
    command: StringCommand,
    stdin: Sequence[str],
    seconds: float,
    arguments: Mapping[str, Any],
) -> list[str]:
    """Return the output lines of a command with these lines as its input; raise RemoteError."""
    if not host.connected:
        raise RemoteError("the host is not connected")
    options = {**arguments, "_stdin": stdin, "_timeout": int(seconds)}
    try:
        with time_limit(host, seconds):
            succeeded, output = host.run_shell_command(marked(command), **options)
    except TimeoutError as error:
        raise RemoteError(f"no answer within {seconds:g} s") from error
    except (OSError, EOFError, SSHException) as error:
        raise RemoteError(f"the connection failed: {error}") from error
    if not succeeded:
        reason = " ".join(output.stderr_lines).strip()[-EXCERPT:]
        raise RemoteError(f"the command failed: {reason or 'it gave no reason'}")
    return between_marks(output.stdout_lines)
