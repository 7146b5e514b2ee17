"""Secrets as references: where a secret is kept, never what it is.

An inventory is read by many and kept in version control, so it holds `env("DNS_KEY")`,
`file("~/.dns-key")` or `command("pass", "show", "dns")`. The reference can be compared, hashed and
printed; the secret itself exists only between `resolve()` and the one place that sends it.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import MailError

COMMAND_SECONDS = 60  # long enough to type a passphrase into an agent's window


@dataclass(frozen=True, repr=False)
class Secret:
    """A place on the controller from which a secret can be read."""

    kind: str
    reference: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Secret({self.where} = ***)"

    __str__ = __repr__

    def to_json(self) -> str:
        """Return the masked reference, for `pyinfra INVENTORY debug-inventory`."""
        return repr(self)

    @property
    def where(self) -> str:
        """The reference as written; of a command the program only, as its words may tell."""
        rest = ", …" if len(self.reference) > 1 else ""
        return f'{self.kind}("{self.reference[0]}"{rest})'

    def resolve(self) -> str:
        """Return the secret itself, or raise MailError with what to do about its absence."""
        secret = _READERS[self.kind](self)
        if not secret:
            raise MailError(f"the secret {self.where} is empty: put the value there")
        return secret


def env(name: str) -> Secret:
    """Name an environment variable of the controller."""
    return Secret("env", (name,))


def file(path: str | Path) -> Secret:
    """Name a file on the controller; the line break at its end is no part of the secret."""
    return Secret("file", (str(path),))


def command(*argv: str) -> Secret:
    """Name a command on the controller that prints the secret; no shell is involved."""
    if not argv:
        raise MailError('command() names no program: write command("pass", "show", "NAME")')
    return Secret("command", argv)


def _from_environment(secret: Secret) -> str:
    (name,) = secret.reference
    if name not in os.environ:
        raise MailError(f"the secret {secret.where} is not set: export {name} before the run")
    return os.environ[name]


def _from_file(secret: Secret) -> str:
    (path,) = secret.reference
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise MailError(f"the secret {secret.where} is no text: keep it there as UTF-8") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a "~user" without a home
        reason = getattr(error, "strerror", None) or error
        raise MailError(
            f"the secret {secret.where} cannot be read ({reason}): create it, readable by you only"
        ) from None


def _from_command(secret: Secret) -> str:
    # What the command printed may hold the secret, and so may an exception that quotes the command.
    try:
        done = subprocess.run(
            secret.reference,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
        )
        return done.stdout.decode("utf-8").rstrip("\r\n")
    except subprocess.TimeoutExpired:
        reason = f"gave no answer in {COMMAND_SECONDS} s"
    except subprocess.CalledProcessError as error:
        reason = f"ended with status {error.returncode}"
    except UnicodeDecodeError:
        reason = "printed something that is not UTF-8"
    except (OSError, ValueError) as error:
        reason = f"cannot be started ({getattr(error, 'strerror', None) or 'a NUL in it'})"
    raise MailError(
        f"the secret {secret.where} cannot be had, it {reason}: run it by hand to see why"
    )


_READERS: dict[str, Callable[[Secret], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "command": _from_command,
}
