"""
Services of a host: packages, systemd units and ports, derived from the settings.

The host's plan installs and starts them, and the checks look for the same ones.
"""

from dataclasses import dataclass

from .settings.model import HostSettings, MailSettings, NullClient

# Debian 12 runs an instance of postfix@.service, Debian 13 postfix.service.
POSTFIX = ("postfix.service", "postfix@-.service")
UNBOUND = "unbound.service"
REDIS = "redis-server@rspamd.service"
RSPAMD = "rspamd.service"
DOVECOT = "dovecot.service"
MTA_STS_RESOLVER = "postfix-mta-sts-resolver.service"
FAIL2BAN = "fail2ban.service"
NGINX = "nginx.service"
CERTIFICATES_WATCH = "pyinfra-mail-certificates.path"
SMTP_PORT = 25
HTTP_PORT = 80
SUBMISSION_PORTS = (465, 587)
HTTPS_PORT = 443
MTA_STS_PORT = 8461  # of the policy daemon, on loopback
_POSTFIX_PACKAGES = ("postfix", "postfix-lmdb", "iproute2")  # the last one is for the preflight
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
    return (*(one.units[-1] for one in wanted), *started_by_postfix(settings))


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
    logins, counts = bool(settings.accounts), bool(settings.account_rate)
    certbot = ("certbot",) if settings.tls == "acme" else ()
    return (
        HostService("unbound", ("unbound", "dns-root-data"), (UNBOUND,), local_ports=(53,)),
        HostService(
            "redis",
            ("redis-server",),
            (REDIS,),
            wanted=counts or settings.scan_outbound,
        ),
        HostService("rspamd", ("rspamd", _CRYPTOGRAPHY), (RSPAMD,)),
        HostService("dovecot", ("dovecot-core",), (DOVECOT,), wanted=logins),
        HostService(
            "mta-sts",
            ("postfix-mta-sts-resolver", "python3-dnspython", "ca-certificates"),
            (MTA_STS_RESOLVER,),
            local_ports=(MTA_STS_PORT,),
        ),
        HostService(
            "postfix",
            (*_POSTFIX_PACKAGES, _CRYPTOGRAPHY, *certbot),
            POSTFIX,
            ports=(SMTP_PORT, *(SUBMISSION_PORTS if logins else ())),
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


def _of_client() -> HostService:
    packages = (*_POSTFIX_PACKAGES, "libsasl2-modules", "ca-certificates")
    return HostService("postfix", packages, POSTFIX, local_ports=(SMTP_PORT,))
