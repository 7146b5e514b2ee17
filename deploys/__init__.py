"""
pyinfra-mail: an inventory becomes mail that arrives.

These names are public: deploys for a deploy.py, `check_first` for a config.py, and references to
secrets for an inventory. Each is imported at its first use, as a run needs one deploy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .mail import toolkit

if TYPE_CHECKING:
    from .api.certificates import certificates
    from .api.check import check, check_first
    from .api.hosts import hosts
    from .api.init import init
    from .api.site import site
    from .api.suppression import suppression
    from .api.timer import timer
    from .api.verify import verify
    from .api.warmup import warmup
    from .api.zone import zone
    from .mail.settings.secret import command, env, file

__all__ = [
    "certificates",
    "check",
    "check_first",
    "command",
    "env",
    "file",
    "hosts",
    "init",
    "site",
    "suppression",
    "timer",
    "verify",
    "warmup",
    "zone",
]

__version__ = toolkit.VERSION
if MISTAKE := toolkit.mistake():
    from .run.command_line import refusal  # slow: it imports pyinfra

    raise refusal(MISTAKE)

_HOMES = {
    **dict.fromkeys(("command", "env", "file"), ".mail.settings.secret"),
    "check_first": ".api.check",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type is that of the imports above
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, f".api.{name}"), __name__), name)
