"""
Services of a host: packages, systemd units and ports, derived from the settings.

The host's plan installs and starts them, and the checks look for the same ones.
"""

from dataclasses import dataclass

from .postfix import BULK_PORT, FORWARD_PORT, SRS_BACK_PORT, SRS_PORT
from .settings.model import HostSettings, MailSettings, NullClient

# Debian 12 runs an instance of postfix@.service, Debian 13 postfix.service.
POSTFIX = ("postfix.service", "postfix@-.service")
UNBOUND = "unbound.service"
REDIS = "redis-server@rspamd.service"
RSPAMD = "rspamd.service"
DOVECOT = "dovecot.service"
POSTSRSD = "postsrsd.service"
MTA_STS_RESOLVER = "postfix-mta-sts-resolver.service"
FAIL2BAN = "fail2ban.service"
NGINX = "nginx.service"
POSTFIX_BULK = "pyinfra-mail-bulk.service"
REPORTS = "pyinfra-mail-reports.service"
BULK_HANDLER = "pyinfra-mail-bulk-handler.service"
RECEIVERS = "pyinfra-mail-receivers.service"
DMARC_REPORTS = "pyinfra-mail-dmarc-reports.timer"
LEARNER = "pyinfra-mail-learner.path"
TLS_COLLECTOR = "pyinfra-mail-tls-collector.service"
TLS_REPORTER = "pyinfra-mail-tls-reporter.service"
CERTIFICATES_WATCH = "pyinfra-mail-certificates.path"
SMTP_PORT = 25
HTTP_PORT = 80
SUBMISSION_PORTS = (465, 587)
IMAPS_PORT, POP3S_PORT = 993, 995
HTTPS_PORT = 443
MTA_STS_PORT = 8461  # of the policy daemon, on loopback
_POSTFIX_PACKAGES = ("postfix", "postfix-lmdb", "iproute2")  # the last one is for the preflight
_MAILBOX_PORTS = {"imaps": IMAPS_PORT, "imap": 143, "pop3s": POP3S_PORT, "sieve": 4190}
_SASL = "libsasl2-modules"  # mechanisms with which Postfix logs in at a relay
_CRYPTOGRAPHY = "python3-cryptography"  # for keys and certificates


@dataclass(frozen=True)
class HostService:
    """A service: `wanted` tells whether the settings need it, `ports` are open to the world."""

    name: str
    packages: tuple[str, ...]
    units: tuple[str, ...]  # the last one runs it
    wanted: bool = True
    ports: tuple[int, ...] = ()  # TCP
    local_ports: tuple[int, ...] = ()  # TCP, on loopback only


def services(settings: HostSettings) -> tuple[HostService, ...]:
    """Return every service that a host of this kind can have, wanted or not."""
    if isinstance(settings, MailSettings):
        return _of_mail_host(settings)
    return (_of_client(),) if isinstance(settings, NullClient) else ()


def service(settings: HostSettings, name: str) -> HostService:
    """Return one service of a host."""
    return next(one for one in services(settings) if one.name == name)


def required_units(settings: HostSettings) -> tuple[str, ...]:
    """Return the units that have to be active on a host, Postfix's own aside."""
    wanted = [one for one in services(settings) if one.wanted and one.units != POSTFIX]
    return (
        *(one.units[-1] for one in wanted),
        *started_by_rspamd(settings),
        *started_by_collector(settings),
        *started_by_postfix(settings),
    )


def started_by_rspamd(settings: HostSettings) -> tuple[str, ...]:
    """Return the units that send DMARC reports daily, and learn; rspamd's unit wants them."""
    learns = isinstance(settings, MailSettings) and settings.learns
    return (
        *((DMARC_REPORTS,) if _sends(settings, "dmarc") else ()),
        *((LEARNER,) if learns else ()),
    )


def started_by_collector(settings: HostSettings) -> tuple[str, ...]:
    """Return the unit that sends TLS reports; the unit of their collector wants it."""
    return (TLS_REPORTER,) if _sends(settings, "tls") else ()


def _sends(settings: HostSettings, reports: str) -> bool:
    return isinstance(settings, MailSettings) and reports in settings.send_reports


def started_by_postfix(settings: HostSettings) -> tuple[str, ...]:
    """Return the units that keep certificates current; Postfix's unit wants them."""
    if not isinstance(settings, MailSettings):
        return ()
    return {"acme": ("certbot.timer",), "files": (CERTIFICATES_WATCH,)}.get(settings.tls, ())


def public_ports(settings: HostSettings) -> frozenset[int]:
    """Return the TCP ports that a host opens to the world."""
    return frozenset(port for one in services(settings) if one.wanted for port in one.ports)


def local_ports(settings: HostSettings) -> frozenset[int]:
    """Return the TCP ports that services of a host open on loopback only."""
    return frozenset(port for one in services(settings) if one.wanted for port in one.local_ports)


def _of_mail_host(settings: MailSettings) -> tuple[HostService, ...]:
    """Return the rows of a mail host, in the order in which the services start."""
    logins, counts = bool(settings.logins), bool(settings.counted_rate)
    greylists = bool(settings.judgement and settings.judgement.greylist)
    certbot = ("certbot",) if settings.tls == "acme" else ()
    sasl = (_SASL,) if settings.relays.with_login else ()
    directory = ("postfix-pgsql", "ca-certificates") if settings.directory else ()
    return (
        HostService("unbound", ("unbound", "dns-root-data"), (UNBOUND,), local_ports=(53,)),
        HostService(
            "redis",
            ("redis-server",),
            (REDIS,),
            wanted=counts
            or greylists
            or settings.scan_outbound
            or settings.learns
            or "dmarc" in settings.send_reports,
        ),
        HostService("rspamd", ("rspamd", _CRYPTOGRAPHY), (RSPAMD,)),
        HostService(
            "dovecot",
            ("dovecot-core", *_mailbox_packages(settings)),
            (DOVECOT,),
            wanted=logins,
            ports=tuple(sorted(_MAILBOX_PORTS[one] for one in settings.mailbox_services)),
        ),
        HostService(
            "mta-sts",
            ("postfix-mta-sts-resolver", "python3-dnspython", "ca-certificates"),
            (MTA_STS_RESOLVER,),
            local_ports=(MTA_STS_PORT,),
        ),
        HostService(
            "postsrsd",
            ("postsrsd",),
            (POSTSRSD,),
            wanted=settings.forwards,
            local_ports=(SRS_PORT, SRS_BACK_PORT),
        ),
        HostService(
            "bulk-handler",
            (
                *("python3-aiosmtpd", "python3-flufl.bounce", "ca-certificates"),
                *(("python3-psycopg",) if settings.bulk and settings.bulk.database else ()),
            ),
            (BULK_HANDLER,),
            wanted=bool(settings.bulk),
        ),
        HostService(
            "bulk-receivers",
            ("python3-dnspython",),
            (RECEIVERS,),
            wanted=bool(settings.bulk),
        ),
        HostService(
            "tls-reports", ("curl",), (TLS_COLLECTOR,), wanted="tls" in settings.send_reports
        ),
        HostService(
            "postfix-bulk",
            _POSTFIX_PACKAGES,
            (POSTFIX_BULK,),
            wanted=bool(settings.bulk),
            local_ports=(BULK_PORT,),
        ),
        HostService(
            "reports",
            ("python3-authres", "python3-defusedxml"),
            (REPORTS,),
            wanted=bool(settings.recipients.read),
        ),
        HostService(
            "postfix",
            (*_POSTFIX_PACKAGES, _CRYPTOGRAPHY, *certbot, *sasl, *directory),
            POSTFIX,
            ports=(SMTP_PORT, *(SUBMISSION_PORTS if logins else ())),
            local_ports=(FORWARD_PORT,) if settings.forwards else (),
        ),
        HostService(
            "fail2ban",
            ("fail2ban", "nftables", "python3-systemd"),
            (FAIL2BAN,),
            wanted=logins and settings.ban_seconds > 0,
        ),
        HostService(
            "nginx",
            ("nginx",),
            (NGINX,),
            wanted=bool(settings.site_names),
            ports=(HTTPS_PORT,) if settings.site_names else (),
        ),
    )


def _mailbox_packages(settings: MailSettings) -> tuple[str, ...]:
    wanted = {
        "dovecot-imapd": bool(settings.mailboxes),
        "dovecot-lmtpd": bool(settings.mailboxes),
        "dovecot-pop3d": "pop3s" in settings.mailbox_services,
        "dovecot-sieve": settings.has_rules,
        "dovecot-managesieved": "sieve" in settings.mailbox_services,
        "dovecot-pgsql": bool(settings.directory),
    }
    return tuple(name for name, needed in wanted.items() if needed)


def _of_client() -> HostService:
    packages = (*_POSTFIX_PACKAGES, _SASL, "ca-certificates")
    return HostService("postfix", packages, POSTFIX, local_ports=(SMTP_PORT,))
