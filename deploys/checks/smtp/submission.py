"""
Message submission (RFC 6409), on ports 465 and 587 of every address, and AUTH on port 25.

A password is accepted under TLS only. A sender that is not the account's, and a recipient in a
domain that does not exist, are refused while the client is connected.
"""

import smtplib
from collections.abc import Iterable, Iterator
from functools import partial

from ...mail.settings.model import MailSettings
from ..clients.bounded_smtplib import SmtpClient
from ..clients.endpoint import Endpoint, SubmissionEndpoint, smtp_endpoints, submission_endpoints
from ..clients.message import new_run
from ..clients.smtp import later, log_in, refusal, reply, session, starttls
from ..core.finding import Check, Finding
from ..core.inspection import completed, per_host, together
from ..core.world import MisbehavedError, UnansweredError, World

SUBMISSION = Check(
    "smtp.submission",
    "host",
    "Are passwords accepted under TLS only, and wrong senders and recipients refused at once?",
    "RFC 8314 section 3.3, RFC 6409 section 6.1",
    why=(
        "Others can read a password in clear text. An account that may use any sender can forge "
        "mail. And a user should see a wrong address while the message is still open."
    ),
    remedy="Keep the submission services as this project writes them.",
    when_unknown="fix smtp.connect first",
)

_CLEAR = "keep smtpd_tls_auth_only = yes, and remove smtpd_sasl_auth_enable from main.cf"
_LOG = "see its mail log, and check that fail2ban does not block this machine (mail_ban_failures)"
_SENDERS = "write reject_sender_login_mismatch into mua_sender_restrictions"
_RECIPIENTS = "write reject_unknown_recipient_domain into mua_recipient_restrictions"
_SASL = "check smtpd_sasl_path, and that Dovecot answers there"


@per_host(SUBMISSION)
def submission(host: MailSettings, world: World) -> Iterable[Finding]:
    """Check AUTH on port 25 and both submission ports, at every address of a host with accounts."""
    if not host.logins:
        return []
    ports = smtp_endpoints(host)
    calls = [
        partial(completed, (SUBMISSION,), one.host, partial(port_25, one, world)) for one in ports
    ]
    return together(
        [
            *calls,
            *(
                partial(submission_port, endpoint, host, world)
                for port in ports
                for endpoint in submission_endpoints(host, port.address)
            ),
        ]
    )


def port_25(endpoint: Endpoint, world: World) -> Iterator[Finding]:
    """Check that port 25 does not offer AUTH; raise UnansweredError or MisbehavedError."""
    with session(endpoint, world) as client:
        offered = client.has_extn("auth")
        if client.has_extn("starttls"):
            starttls(client)
        offered = offered or client.has_extn("auth")
    if offered:
        yield SUBMISSION.error(endpoint.host, f"{endpoint} port 25 offers AUTH", _CLEAR)
    else:
        yield SUBMISSION.ok(endpoint.host, f"{endpoint} port 25 does not offer AUTH")


def submission_port(
    endpoint: SubmissionEndpoint, host: MailSettings, world: World
) -> list[Finding]:
    """Check one submission port."""
    findings: list[Finding] = []
    try:
        with session(endpoint, world) as client:
            findings.extend(_in_session(client, endpoint, host))
    except MisbehavedError as problem:
        answer = refusal(problem)
        fix = later(endpoint.host) if answer and answer.transient else _LOG
        findings.append(SUBMISSION.error(endpoint.host, str(problem), fix))
    except UnansweredError as problem:
        fix = f"open ports 465 and 587 in the firewall of {endpoint.host}"
        findings.append(SUBMISSION.unknown(endpoint.host, str(problem), fix))
    return findings


def _in_session(
    client: SmtpClient, endpoint: SubmissionEndpoint, host: MailSettings
) -> Iterator[Finding]:
    if not endpoint.wrapped:
        if client.has_extn("auth"):
            yield SUBMISSION.error(endpoint.host, f"{endpoint} offers AUTH before TLS", _CLEAR)
        starttls(client)
    if not client.has_extn("auth"):
        saw = f"{endpoint} does not offer AUTH under TLS"
        yield SUBMISSION.error(endpoint.host, saw, _SASL)
        return
    yield SUBMISSION.ok(endpoint.host, f"{endpoint} offers AUTH under TLS only")
    if endpoint.password:
        log_in(client, endpoint)
        yield from _refusals(client, endpoint, host)


def _refusals(
    client: smtplib.SMTP, endpoint: SubmissionEndpoint, host: MailSettings
) -> Iterator[Finding]:
    own = host.logins[endpoint.login].senders[0]
    unknown = f"nobody-{new_run()}"
    # RFC 2606 section 2: no name exists under invalid.
    for sender, recipient, expected, fix in (
        (f"{unknown}@{own.partition('@')[2]}", own, "553 5.7.1", _SENDERS),
        (own, f"{unknown}@{unknown}.invalid", "550 5.1.2", _RECIPIENTS),
    ):
        client.mail(sender)
        reply_ = reply(client.rcpt(recipient))
        client.rset()
        answer = str(reply_)
        saw = f"{endpoint} answered {endpoint.login} from <{sender}> to <{recipient}>: {answer}"
        if answer.startswith(expected):
            yield SUBMISSION.ok(endpoint.host, saw)
        else:
            remedy = later(endpoint.host) if reply_.transient else fix
            yield SUBMISSION.error(endpoint.host, saw, remedy)
