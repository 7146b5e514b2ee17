"""
Directory in PostgreSQL: the way of mail that it gives no target for, and its connections by libpq.

Its tables are in docs/directory.md, the questions to them in the templates.
"""

from collections.abc import Mapping

from .postfix import inline

# A target of an alias that is no address: its mail waits in the queue, and the log says why.
LOST = "directory.invalid"  # RFC 2606 section 2: never in the DNS
WAY = inline({LOST: "retry:4.3.0 the directory has no valid target for this alias"})


def connection(parameters: Mapping[str, str]) -> str:
    """Return parameters for libpq as a connection string."""
    return " ".join(
        f"{name}='{value}'" if " " in value else f"{name}={value}"
        for name, value in parameters.items()
    )


def password_file(password: str) -> str:
    """Return the file of libpq with the password of every connection that its reader makes."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n"
