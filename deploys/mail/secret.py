"""Old place of `env`, `file` and `command`, for one release: now in `deploys` itself."""

import logging

from .settings.secret import command, env, file

__all__ = ["command", "env", "file"]

# pyinfra hides Python's own warnings, and prints this logger's.
logging.getLogger("pyinfra").warning(
    "deploys.mail.secret is now deploys: write `from deploys import env`; the next release removes "
    "the old name"
)
