"""
Suppressed recipients of a bulk stream: refused to its accounts at RCPT, and accepted from others.

Two envelope senders of the stream serve as recipients, because every account may write to them; no
message is sent. One of them is suppressed, and released again.
"""

from collections.abc import Container, Iterator
from functools import partial

from ...mail.settings.model import MailSettings
from ...mail.settings.secret import Secret
from ...mail.verp import Verp, day_number, derived_key
from ..clients.endpoint import SubmissionEndpoint
from ..clients.smtp import Reply, log_in, rcpt, session, starttls
from ..clients.suppressions import SuppressionStore
from ..core.finding import Check, Finding
from ..core.inspection import per_host
from ..core.world import World

SUPPRESSION = Check(
    "bulk.suppression",
    "host",
    "Are suppressed recipients refused to bulk accounts, and to them alone?",
    "RFC 5321 section 3.3, RFC 3463 section 3.8",
    why="Mail to people who have left a list makes them report it as spam, and a password that "
    "they ask for must still arrive.",
    remedy="Deploy the host; see `journalctl -u pyinfra-mail-bulk-handler`.",
    when_unknown="fix smtp.submission first",
)
_EXPECTED = "550 5.7.1"
_HANDLER = "see `journalctl -u pyinfra-mail-bulk-handler`, and deploy the host"
_ACCOUNTS = "name accounts of people in mail_accounts and not in mail_bulk, and deploy the host"


@per_host(SUPPRESSION)
def suppressions(host: MailSettings, world: World) -> Iterator[Finding]:
    """Check the replies to an account of the stream, and to an ordinary one."""
    if not host.bulk:
        return
    if account := _endpoint(host, host.bulk.accounts):
        yield from replies(account, _endpoint(host, host.ordinary_accounts), host, world)
        return
    name = host.inventory_name
    saw = f"{name}: the password of no bulk account is known to this machine"
    yield SUPPRESSION.not_applicable(name, saw)


def replies(
    account: SubmissionEndpoint, other: SubmissionEndpoint | None, host: MailSettings, world: World
) -> Iterator[Finding]:
    """Check the replies to an account of the stream, and to another one if there is any."""
    refused, accepted = (_recipient(host, one, world) for one in ("refused", "accepted"))
    ask = partial(_replies, host, world=world)
    store = SuppressionStore(world.hosts, host.inventory_name, world.timeout)
    store.suppress(refused)
    try:
        yield from _of_stream(account, *ask(account, refused, accepted))
        if other:
            yield _of_others(other, *ask(other, refused))
    finally:
        store.release(refused)


def _endpoint(host: MailSettings, logins: Container[str]) -> SubmissionEndpoint | None:
    """Return the endpoint of the first of these accounts whose password is known."""
    for login, account in host.accounts.items():
        if login in logins and isinstance(account.password, Secret):
            address, name = str(host.addresses[0]), host.inventory_name
            return SubmissionEndpoint(
                name, address, 465, wrapped=True, login=login, password=account.password
            )
    return None


def _recipient(host: MailSettings, name: str, world: World) -> str:
    assert host.bulk  # noqa: S101 - of a stream
    verp = Verp(host.bulk.bounces, derived_key(host.bulk.secret.resolve(), "verp"))
    return verp.address(f"{name}-test@{host.hostname}", day_number(world.clock()))


def _of_stream(endpoint: SubmissionEndpoint, refused: Reply, accepted: Reply) -> Iterator[Finding]:
    name, who = endpoint.host, f"{endpoint} answered the bulk account {endpoint.login}"
    saw = f"{who} about a suppressed recipient: {refused}"
    if str(refused).startswith(_EXPECTED):
        yield SUPPRESSION.ok(name, saw)
    else:
        yield SUPPRESSION.error(name, saw, _HANDLER)
    if not accepted.positive:
        saw = f"{who} about a recipient that is not suppressed: {accepted}"
        yield SUPPRESSION.error(name, saw, _HANDLER)


def _of_others(endpoint: SubmissionEndpoint, answer: Reply) -> Finding:
    saw = f"{endpoint} answered {endpoint.login} about a suppressed recipient: {answer}"
    if answer.positive:
        return SUPPRESSION.ok(endpoint.host, saw)
    return SUPPRESSION.error(endpoint.host, saw, _HANDLER if answer.transient else _ACCOUNTS)


def _replies(
    host: MailSettings, endpoint: SubmissionEndpoint, *recipients: str, world: World
) -> list[Reply]:
    """Return the replies to recipients of a message that is not sent."""
    with session(endpoint, world) as client:
        if not endpoint.wrapped:
            starttls(client)
        log_in(client, endpoint)
        client.mail(host.accounts[endpoint.login].senders[0])
        found = [rcpt(client, one) for one in recipients]
        client.rset()
    return found
