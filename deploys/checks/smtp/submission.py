"""
What those meet who submit mail (RFC 6409): asked at both ports of every address, and in the mail.

A password is asked for under TLS only, another sender and a domain that does not exist are refused
while the client is connected, and what is delivered tells nothing of the client.
"""

import smtplib
from collections.abc import Iterator
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.bounded_smtplib import Client
from ..clients.endpoint import Endpoint, SubmissionEndpoint, smtp_endpoints, submission_endpoints
from ..clients.message import new_run
from ..clients.smtp import log_in, reply, session, starttls
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

SUBMISSION = Check(
    "smtp.submission",
    "host",
    "Are passwords asked for under TLS only, and wrong senders and recipients refused at once?",
    "RFC 8314 section 3.3, RFC 6409 section 6.1",
    why=(
        "A password in clear text is everybody's; an account that may send as another forges; and "
        "a mistyped address is best heard of while it is still on the screen."
    ),
    remedy="Keep the submission services as this project writes them.",
)
_CLEAR = "keep smtpd_tls_auth_only = yes, and smtpd_sasl_auth_enable out of main.cf"
_LOOK = "look at its mail log, and whether fail2ban keeps this machine out (mail_ban_failures)"
_AWAY = "see smtpd_sasl_path, and whether Dovecot answers there"


def submission(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host with accounts what those can do who submit there."""
    hosts = [host for host in fleet.hosts if host.accounts]
    endpoints = [(host, endpoint) for host in hosts for endpoint in smtp_endpoints(host)]
    calls = [partial(asked_outside, endpoint, world) for _, endpoint in endpoints]
    calls += [
        partial(asked, endpoint, host, world)
        for host, endpoint in endpoints
        for endpoint in submission_endpoints(host, endpoint.address)
    ]
    for findings in side_by_side(calls):
        yield from findings


def asked_outside(endpoint: Endpoint, world: World) -> list[Finding]:
    """Ask the endpoint of everybody whether it takes passwords."""
    try:
        with session(endpoint, world) as client:
            offered = client.has_extn("auth")
            if client.has_extn("starttls"):
                starttls(client)
            offered = offered or client.has_extn("auth")
    except (MisbehavedError, UnansweredError) as problem:
        return [
            SUBMISSION.unknown(endpoint.host, f"not asked: {problem}", "mend smtp.connect first")
        ]
    if offered:
        return [
            SUBMISSION.error(endpoint.host, f"{endpoint} port 25 offers AUTH to everybody", _CLEAR)
        ]
    return [SUBMISSION.ok(endpoint.host, f"{endpoint} port 25 asks nobody for a password")]


def asked(endpoint: SubmissionEndpoint, host: MailSettings, world: World) -> list[Finding]:
    """Ask one submission port everything."""
    findings: list[Finding] = []
    try:
        with session(endpoint, world) as client:
            findings.extend(_interview(client, endpoint, host))
    except MisbehavedError as problem:
        findings.append(SUBMISSION.error(endpoint.host, str(problem), _LOOK))
    except UnansweredError as problem:
        fix = f"let the firewall of {endpoint.host} pass ports 465 and 587"
        findings.append(SUBMISSION.unknown(endpoint.host, str(problem), fix))
    return findings


def _interview(
    client: Client, endpoint: SubmissionEndpoint, host: MailSettings
) -> Iterator[Finding]:
    if not endpoint.wrapped:
        if client.has_extn("auth"):
            yield SUBMISSION.error(endpoint.host, f"{endpoint} offers AUTH before TLS", _CLEAR)
        starttls(client)
    if not client.has_extn("auth"):
        yield SUBMISSION.error(endpoint.host, f"{endpoint} does not offer AUTH under TLS", _AWAY)
        return
    yield SUBMISSION.ok(endpoint.host, f"{endpoint} asks for a password under TLS")
    if endpoint.password:
        log_in(client, endpoint)
        yield from _refusals(client, endpoint, host)


def _refusals(
    client: smtplib.SMTP, endpoint: SubmissionEndpoint, host: MailSettings
) -> Iterator[Finding]:
    own = host.accounts[endpoint.login].senders[0]
    nobody = f"nobody-{new_run()}"
    # RFC 2606 section 2: nothing exists under invalid.
    for sender, recipient, expected, fix in (
        (f"{nobody}@{own.partition('@')[2]}", own, "553 5.7.1", "see mua_sender_restrictions"),
        (own, f"{nobody}@{nobody}.invalid", "550 5.1.2", "see mua_recipient_restrictions"),
    ):
        client.mail(sender)
        answer = str(reply(client.rcpt(recipient)))
        client.rset()
        saw = f"{endpoint} answered {endpoint.login} from <{sender}> to <{recipient}>: {answer}"
        right = answer.startswith(expected)
        yield (
            SUBMISSION.ok(endpoint.host, saw)
            if right
            else SUBMISSION.error(endpoint.host, saw, fix)
        )
