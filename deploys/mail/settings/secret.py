"""References to secrets.

Many people read an inventory, and it is kept in version control. So it holds `env("DNS_KEY")`,
`file("~/.dns-key")` or `command("pass", "show", "dns")` in place of a secret. A reference can be
compared, hashed and printed. The secret exists only from `resolve()` to the place that sends it.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import MailError

COMMAND_SECONDS = 60  # long enough to type a passphrase into an agent's window


@dataclass(frozen=True, repr=False)
class Secret:
    """A reference to a secret on the controller."""

    kind: str
    reference: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Secret({self.where} = ***)"

    __str__ = __repr__

    def __copy__(self) -> str:
        """
        Return the secret itself, for pyinfra's own keys such as `ssh_password`.

        pyinfra reads these keys as copies (`HostData.__getattr__`); nothing else copies references.
        A secret that cannot be read ends the run, before it connects.
        """
        try:
            return self.resolve()
        except MailError as error:
            raise SystemExit(f"error: {error}") from None

    def to_json(self) -> str:
        """Return the masked reference, for `pyinfra INVENTORY debug-inventory`."""
        return repr(self)

    @property
    def where(self) -> str:
        """Return the reference as written; of a command only the program, not its arguments."""
        rest = ", …" if len(self.reference) > 1 else ""
        return f'{self.kind}("{self.reference[0]}"{rest})'

    def resolve(self) -> str:
        """Return the secret itself; raise MailError where it cannot be read."""
        secret = _READERS[self.kind](self)
        if not secret:
            raise MailError(f"the secret {self.where} is empty: write the value there")
        return secret


def env(name: str) -> Secret:
    """Return a reference to an environment variable of the controller."""
    return Secret("env", (name,))


def file(path: str | Path) -> Secret:
    """Return a reference to a file on the controller, without the line break at its end."""
    return Secret("file", (str(path),))


def command(*argv: str) -> Secret:
    """Return a reference to a command on the controller that prints the secret, without a shell."""
    if not argv:
        raise MailError('command() names no program: write command("pass", "show", "NAME")')
    return Secret("command", argv)


def secret_mistakes(
    hosts: Mapping[str, Mapping[str, Any]], wanted: Callable[[str, str], bool]
) -> Iterator[str]:
    """
    Yield a mistake for each reference that cannot be resolved.

    `wanted` tells from the name of a host and a key if the references below it are tried.
    """
    found: dict[tuple[str, Secret], list[str]] = {}
    for name, data in hosts.items():
        for key in sorted(data):
            if wanted(name, key):
                for reference in references(key, data[key]):
                    found.setdefault(reference, []).append(name)
    reason = cache(reason_of)
    for (path, secret), names in found.items():
        if reason(secret):
            yield f"{counted(names)}: {path}: {reason(secret)}"


def references(path: str, value: object) -> Iterator[tuple[str, Secret]]:
    """Yield every reference in a value with its path, such as `mail_dns.api_key`."""
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from references(f"{path}.{key}", member)
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from references(f"{path}.{index}", member)


def reason_of(secret: Secret) -> str:
    """Return the reason why a reference cannot be resolved; "" if it can."""
    try:
        secret.resolve()
    except MailError as error:
        return str(error)
    return ""


def counted(names: list[str]) -> str:
    """Return the first name, and the number of the others."""
    first, *others = names
    return f"{first} and {len(others)} more" if others else first


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
        raise MailError(f"the secret {secret.where} is not UTF-8: write it as UTF-8") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a "~user" without a home
        reason = getattr(error, "strerror", None) or error
        raise MailError(
            f"the secret {secret.where} cannot be read ({reason}): create it, readable by you only"
        ) from None


@cache
def _from_command(secret: Secret) -> str:
    # The output may hold the secret, and so may an exception that quotes the command.
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
        reason = f"did not end within {COMMAND_SECONDS} s"
    except subprocess.CalledProcessError as error:
        reason = f"failed with status {error.returncode}"
    except UnicodeDecodeError:
        reason = "printed text that is not UTF-8"
    except (OSError, ValueError) as error:
        reason = f"cannot be run ({getattr(error, 'strerror', None) or 'a NUL in it'})"
    raise MailError(
        f"the secret {secret.where} cannot be read: the command {reason}; run it by hand"
    )


_READERS: dict[str, Callable[[Secret], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "command": _from_command,
}
