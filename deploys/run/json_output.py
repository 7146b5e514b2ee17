"""Changes in pyinfra's `--json` output: it has only the arguments of an operation for them."""

import sys
from collections.abc import Iterable

from pyinfra.api.host import Host


def add_changes(host: Host, changes: Iterable[str]) -> None:
    """Add changes to the arguments of the operation that a host is at, for `--json` only."""
    if "--json" in sys.argv and host.current_op_hash:
        host.state.get_op_meta(host.current_op_hash).args.extend(changes)
