"""Old place of `env`, `file` and `command`, for one release: now deploys.mail.settings.secret."""

import logging

from .settings.secret import command, env, file

__all__ = ["command", "env", "file"]

# pyinfra hides Python's own warnings, and prints this logger's.
logging.getLogger("pyinfra").warning(
    "deploys.mail.secret is now deploys.mail.settings.secret; import from there, as the next "
    "release removes the old name"
)
