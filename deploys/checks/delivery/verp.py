"""
Bounces of a bulk stream, by a message of the host itself to a recipient that does not exist.

The host's bulk instance gets a message for an address of the bounces domain that nobody has, and
the bounce goes to the envelope sender. Only with a valid one (VERP) the handler knows the
recipient, and suppresses it. The host removes the suppression again. Recipients in that domain
count nowhere.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from ...mail import paths
from ...mail.postfix import BULK_PORT
from ...mail.settings.model import MailSettings
from ..clients.message import new_run
from ..core.bulk import OWN_TEST
from ..core.finding import Check, Finding
from ..core.inspection import per_host
from ..core.world import UnansweredError, World

VERP = Check(
    "bulk.verp",
    "host",
    "Does a bounce of bulk mail come back to the host, which then knows its recipient?",
    "RFC 3464; RFC 5321 section 4.4",
    why="Without it mail goes on to recipients that do not exist, and receivers take it for spam.",
    remedy="Deploy the host; see `journalctl -u pyinfra-mail-bulk-handler` and the mail log.",
    when_unknown="fix run.host first",
)
_INSTANCE = "see `systemctl status pyinfra-mail-bulk`, and deploy the host"
_HANDLER = "see `journalctl -u pyinfra-mail-bulk-handler`, and `postqueue -p` for the bounce"


@per_host(VERP)
def bounces(host: MailSettings, world: World) -> Iterator[Finding]:
    """Check that the bounce of a test message suppresses its recipient."""
    if not host.bulk:
        return
    name, recipient = host.inventory_name, f"bounce-test-{new_run()}@{host.bulk.bounces}"
    answer = _sent(host, recipient, world)
    said, found = str(answer.get("sent", "")), answer.get("found")
    if not said.startswith("250"):
        saw = f"{name}: its bulk instance does not take a message: {said}"
        yield VERP.error(name, saw, _INSTANCE)
    elif not found:
        saw = f"{name}: no bounce of bulk mail to {recipient} was read in {world.patience:g} s"
        yield VERP.error(name, saw, _HANDLER)
    else:
        saw = f"{name}: a bounce came back and suppressed its recipient: {found.get('reason', '')}"
        yield VERP.ok(name, saw)


def _sent(host: MailSettings, recipient: str, world: World) -> Mapping[str, Any]:
    program = files(__package__).joinpath("scripts", "bounced.py").read_text(encoding="utf-8")
    wanted = {
        "port": BULK_PORT,
        "sender": min(host.bulk_senders),
        "recipient": recipient,
        "reason": OWN_TEST,
        "seconds": world.patience,
        "store": paths.SUPPRESSIONS,
    }
    command, limit = shlex.join(("python3", "-c", program)), world.patience + world.timeout
    output = world.hosts.run(host.inventory_name, command, [json.dumps(wanted)], limit)
    try:
        found: Mapping[str, Any] = json.loads(output[-1] if output else "")
    except ValueError as problem:
        raise UnansweredError(f"{host.inventory_name}: the test has no result") from problem
    return found
