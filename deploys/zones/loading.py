"""
From a `mail_dns` to a provider.

`{"class": "powerdns", "host": "203.0.113.2", "api_key": env("KEY")}` names an octoDNS provider, by
a short name or by its class, and holds the arguments of that class: octoDNS's own keys, so that its
documentation is ours and each of its some fifty providers works.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone

from deploys.mail.errors import MailError
from deploys.mail.secret import Secret
from deploys.zones import manners
from deploys.zones.provider import Provider, masked

SHORT_NAMES = {
    "powerdns": "octodns_powerdns.PowerDnsProvider",
    "rfc2136": "octodns_bind.Rfc2136Provider",
    "manual": "deploys.zones.manual.ManualProvider",
}


def load(configuration: Mapping[str, Any]) -> Provider:
    """Return the provider that a `mail_dns` describes; raise MailError naming what is wrong."""
    path = _path(configuration.get("class"))
    manners.refuse_whole_zone_writers(path)
    provider_class = _class(path)
    secrets: list[str] = []
    given = {key: value for key, value in configuration.items() if key != "class"}
    arguments = manners.with_defaults(provider_class, _resolved(given, secrets))
    # Left to itself octoDNS warns, and judges records by an older set of rules.
    Zone.enable_zone_validators({"strict"})
    Record.enable_validators({"strict"})
    made = _made(provider_class, path, arguments, secrets)
    manners.make_patient(made)
    _hush(("Zone", "Record", "Plan", made.log.name), secrets)
    return Provider(_name(configuration), made, tuple(secrets))


def _name(configuration: Mapping[str, Any]) -> str:
    host = configuration.get("host")
    return f"{configuration['class']} at {host}" if host else str(configuration["class"])


def _path(name: object) -> str:
    path = SHORT_NAMES.get(str(name), str(name))
    if "." in path:
        return path
    near = get_close_matches(path, SHORT_NAMES, n=1)
    hint = f"did you mean {near[0]!r}" if near else f"write {' or '.join(map(repr, SHORT_NAMES))}"
    raise MailError(
        f"mail_dns: the class {name!r} is not known; {hint}, or the full name of an octoDNS "
        "provider, like 'octodns_cloudflare.CloudflareProvider'"
    )


def _class(path: str) -> type[BaseProvider]:
    module, _, name = path.rpartition(".")
    try:
        found: type[BaseProvider] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise MailError(
            f"mail_dns: {path} needs the Python module {error.name}, which is not installed; "
            f"run: pip install '{_package(path, module)}'"
        ) from None
    except AttributeError:
        raise MailError(f"mail_dns: the module {module} has no {name}; correct the class") from None
    return found


def _package(path: str, module: str) -> str:
    extras = {path: f"pyinfra-mail[{name}]" for name, path in SHORT_NAMES.items()}
    return extras.get(path, module.partition(".")[0].replace("_", "-"))


def _resolved(value: Any, secrets: list[str]) -> Any:  # noqa: ANN401 - an inventory holds anything
    if isinstance(value, Secret):
        secrets.append(value.resolve())
        return secrets[-1]
    if isinstance(value, Mapping):
        return {key: _resolved(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(item, secrets) for item in value]
    return value


def _made(
    provider_class: type[BaseProvider],
    path: str,
    arguments: dict[str, Any],
    secrets: Sequence[str],
) -> BaseProvider:
    try:
        return provider_class(path.rpartition(".")[2], **arguments)
    except Exception as error:  # noqa: BLE001 - providers share no base class of exceptions
        reason = _refusal(error)
        raise MailError(masked(f"mail_dns: {path} {reason}", secrets)) from None


def _refusal(error: Exception) -> str:
    text = str(error)
    keys = " and ".join(re.findall(r"'(\w+)'", text))
    if isinstance(error, TypeError) and "required" in text:
        return f"needs {keys}; add it to mail_dns"
    if isinstance(error, TypeError) and "unexpected keyword" in text:
        return f"has no key {keys}; correct it in mail_dns or take it out"
    return f"refuses its configuration ({type(error).__name__}: {text}); correct mail_dns"


class _Whisper(logging.Handler):
    """Passes octoDNS's messages on for `--debug`, and keeps them from the terminal otherwise."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self.secrets = secrets

    def emit(self, record: logging.LogRecord) -> None:
        message = masked(record.getMessage(), self.secrets)
        logging.getLogger("pyinfra").debug("octoDNS: %s", message.replace("\n", " "))


def _hush(names: Sequence[str], secrets: Sequence[str]) -> None:
    for name in names:
        log = logging.getLogger(name)
        log.handlers = [_Whisper(secrets)]
        log.propagate = False
