"""
Preflight and probes of Postfix: SMTP dialogues (RFC 5321) before and after a switch.

They verify, at every address that the DNS names: TLS with the right certificate, mail for
postmaster accepted, an unknown recipient refused, no relaying for unauthenticated clients, and AUTH
offered under TLS only. In the preflight messages also have to arrive.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from ...mail import paths
from ...mail.names import nobody
from ...mail.postfix import items
from ...mail.settings.consequences.consequence import Choice
from ...mail.settings.consequences.networks import relaying
from ...mail.settings.model import MailSettings
from ..dkim.signing_table import SigningTable
from ..model.desired import Command, Dialogue, Preflight, Step
from . import postfix_messages as messages
from .postfix_base import own_sockets
from .smtp_steps import (
    AT_ADDRESS,
    accepts,
    certificate,
    domain,
    hello,
    is_address,
    mail_from,
    mailbox,
    postmaster,
    rcpt_to,
    reset,
    starttls,
    unaccepted,
    unknown,
)

WAITING = 32  # dialogues at once, as new clients wait for their greeting
OFFERS_AUTH = r"(.*\n)?AUTH "  # a line of the answer to EHLO; the first is the host's name
SASL_HINT = "check smtpd_sasl_path, and that Dovecot answers there"
LOOPBACK = ("127.0.0.1", "::1")
# Outside senders: an address in every sixteenth of IPv4, and one of each registry's IPv6. The first
# of each family also sends mail to this host.
OUTSIDE4 = (
    *("1.0.128.1", "192.0.2.1", "17.0.128.1", "33.0.128.1", "49.0.128.1", "65.0.128.1"),
    *("81.0.128.1", "97.0.128.1", "113.0.128.1", "129.0.128.1", "145.0.128.1", "161.0.128.1"),
    *("172.128.128.1", "177.0.128.1", "200.0.128.1", "217.0.128.1", "240.0.128.1"),
)
OUTSIDE6 = (
    *("2001:67c::1", "2001:db8:0:1::1", "2400::1", "2600::1", "2800::1", "2a00::1", "2c00::1"),
)
# 4xx: a rule that needs the DNS, which a preflight does not have, or defer_unauth_destination.
REFUSED, TAKEN, ANY = "^[45]", "^(250|450)", "^[245]"
UNASKED = r"^(550 5\.1\.1|451 4\.3\.0)"  # a directory that a preflight does not reach
OPEN_RELAY = (
    "outside senders could relay through it; check mynetworks, relay_domains, "
    "smtpd_relay_restrictions, smtpd_recipient_restrictions and their tables"
)
UNHEARD = "the DNS names this address; check inet_interfaces, inet_protocols and smtp/inet"


def preflight(
    settings: MailSettings,
    start: tuple[tuple[str, ...], ...],
    signs: SigningTable,
) -> Preflight:
    """Return the preflight of Postfix: its start, its dialogues, and what must come of them."""
    target = targets(settings)[0]
    samples = tuple(messages.samples(settings, target))
    sent = [one.sent for one in samples]
    return Preflight(
        start=start,
        dialogues=unaccepted(
            settings,
            (
                *probes(settings),
                *(one for one in sent if isinstance(one, Dialogue)),
                *messages.forgeries(settings, target),
                *_mailboxes(settings, target),
                *_logins(settings, target),
                *_outside_senders(settings),
            ),
        ),
        commands=tuple(one for one in sent if isinstance(one, Command)),
        arrivals=unaccepted(settings, messages.arrivals(settings, samples, signs)),
        reads=unaccepted(settings, messages.reads(settings)),
        log=tuple(messages.log(settings, samples)),
        at_once=WAITING if settings.postscreen else Preflight.at_once,
        sockets=own_sockets(settings),
        mailboxes=(
            settings.postfix_value("mail_spool_directory"),
            *((paths.VMAIL,) if settings.mailboxes else ()),
        ),
    )


def targets(settings: MailSettings) -> tuple[str, ...]:
    """Return the addresses that Postfix has to answer at; most questions go to the first."""
    words = items(settings.postfix_value("inet_interfaces").replace("localhost", "127.0.0.1"))
    named = [address for word in words if is_address(address := word.strip("[]"))]
    protocols = settings.postfix_value("inet_protocols").replace("all", "ipv4 ipv6")
    spoken = [one for one in LOOPBACK if f"ipv{ip_address(one).version}" in protocols]
    heard = [one for one in spoken if one in named] or named or spoken
    named_by_dns = [
        str(one) for one in settings.addresses if f"not listen on {one}" not in settings.accept
    ]
    return tuple(dict.fromkeys((*heard, *named_by_dns)))


def probes(settings: MailSettings) -> list[Dialogue]:
    """Return the dialogues with the live server; they deliver no message."""
    target, *others = targets(settings)
    own = postmaster(settings)
    return [
        Dialogue(
            "starttls",
            "check smtpd_tls_security_level, smtpd_tls_chain_files and mail_hostname",
            (hello(), starttls(settings), hello()),
            target,
        ),
        Dialogue(
            "accepted",
            f"mail for {own} must be accepted (RFC 5321 section 4.5.1)",
            (hello(), mail_from(""), rcpt_to(own, "^250"), reset()),
            target,
        ),
        Dialogue(
            "unknown recipient",
            "an unknown recipient must be refused with 550 5.1.1; check virtual_alias_domains, "
            "virtual_alias_maps, local_recipient_maps and soft_bounce",
            (hello(), mail_from(""), rcpt_to(unknown(settings), r"^550 5\.1\.1")),
            target,
        ),
        *_relay_domains(settings, target),
        *(_submission(settings, target) if settings.logins else ()),
        *(_answers(settings, other) for other in others),
    ]


def _answers(settings: MailSettings, target: str) -> Dialogue:
    """Return the dialogue with another address of the host."""
    steps = (
        hello(),
        starttls(settings),
        hello(),
        mail_from(""),
        rcpt_to(unknown(settings), REFUSED),
        rcpt_to(postmaster(settings), TAKEN),
        reset(),
    )
    return Dialogue(f"mail at {target}", UNHEARD, steps, target)


def _mailboxes(settings: MailSettings, target: str) -> Iterator[Dialogue]:
    """Yield the dialogue about a mailbox, which is empty in a preflight."""
    if settings.mailboxes:
        yield Dialogue(
            "recipient with a mailbox",
            "it must be accepted; check virtual_mailbox_maps, smtpd_recipient_restrictions and the "
            "quota_status settings of mail_dovecot",
            (hello(), mail_from(""), rcpt_to(mailbox(settings), "^250"), reset()),
            target,
        )


def _relay_domains(settings: MailSettings, target: str) -> Iterator[Dialogue]:
    """Yield the dialogues about domains of other servers whose recipients are known."""
    for name in (*settings.relay_domains, *settings.primaries):
        for known in settings.known_recipients.get(name, ())[:1]:
            yield Dialogue(
                f"relay domain {name}",
                "a recipient must be accepted, and others refused; check relay_domains, "
                "relay_recipient_maps and transport_maps",
                (
                    *(hello(), mail_from(""), rcpt_to(known, "^250")),
                    rcpt_to(
                        nobody(name),
                        UNASKED if name in settings.directory_relays else r"^550 5\.1\.1",
                    ),
                    reset(),
                ),
                target,
            )


def _submission(settings: MailSettings, target: str) -> list[Dialogue]:
    """Return the dialogues for submission; smtpd offers AUTH only if Dovecot answers."""
    without, offered = Step("EHLO", rf"^250 (?!{OFFERS_AUTH})"), Step("EHLO", f"^250 {OFFERS_AUTH}")
    under_tls = f"AUTH must be offered, and under TLS only; {SASL_HINT}"
    encrypted = (without, starttls(settings), offered)
    shown = certificate(settings)
    return [
        Dialogue("mail from outside", "AUTH must not be offered on port 25", (without,), target),
        Dialogue("submission", under_tls, encrypted, target, 587),
        Dialogue("submissions", under_tls, (offered,), target, 465, tls=shown),
    ]


def _logins(settings: MailSettings, target: str) -> Iterator[Dialogue]:
    """Yield a login with a wrong password; not for the live server, as Dovecot delays the reply."""
    if settings.logins:
        wrong = b64encode(b"\0preflight@nobody.invalid\0wrong").decode()
        yield Dialogue(
            "wrong password",
            f"it must be refused with 535 5.7.8; {SASL_HINT}",
            (hello(), Step(f"AUTH PLAIN {wrong}", r"^535 5\.7\.8")),
            target,
            465,
            tls=certificate(settings),
        )


def _outside_senders(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield the dialogues with clients that no network of the operator contains."""
    for sources in (OUTSIDE4, OUTSIDE6):
        outside = [one for one in sources if not _trusted(settings, one)]
        for target in _heard(settings, ip_address(sources[0]).version):
            yield from (_relay(settings, target, source) for source in outside)
            yield from (_inbound(settings, target, source) for source in outside[:1])


def _heard(settings: MailSettings, version: int) -> list[str]:
    """Return the address of a family that Postfix has to answer at, if there is one."""
    every = sorted(targets(settings), key=lambda one: ip_address(one).is_loopback)
    return [one for one in every if ip_address(one).version == version][:1]


def _trusted(settings: MailSettings, source: str) -> bool:
    """Tell whether an address is in a network that may relay: an own one, or an accepted one."""
    verb = "relay for "
    own = (one.words for one in relaying(settings) if one.choice is Choice.FREE)
    named = [one.removeprefix(verb) for one in (*own, *settings.accept) if one.startswith(verb)]
    networks = map(ip_network, filter(_is_network, named))
    return any(ip_address(source) in network for network in networks)


def _is_network(words: str) -> bool:
    try:
        ip_network(words)
    except ValueError:
        return False
    return True


def _relay(settings: MailSettings, target: str, source: str) -> Dialogue:
    """Return the dialogue that tries to relay, as an unknown sender, as our own, and by name."""
    claims = () if accepts(settings, "relay by ") else ("", settings.hostname, domain(settings))
    steps = (
        *_tried("", "sender@outside.invalid"),
        *(step for name in claims for step in _tried(name, postmaster(settings))),
    )
    return Dialogue(f"relay for {source}", OPEN_RELAY, steps, target, source=source)


def _tried(name: str, sender: str) -> Iterable[Step]:
    return Step(f"EHLO {name}".strip(), ANY), mail_from(sender, ANY), rcpt_to(AT_ADDRESS, REFUSED)


def _inbound(settings: MailSettings, target: str, source: str) -> Dialogue:
    steps = (hello(), mail_from("sender@outside.invalid"), rcpt_to(postmaster(settings), TAKEN))
    return Dialogue(
        f"inbound from {source}", "mail from outside would be refused", steps, target, source=source
    )
