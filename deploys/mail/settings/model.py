"""
The operator's words, checked once.

An inventory speaks through `mail_*` keys. Here they are `MailSettings`, one frozen value a host,
and `Fleet`, all hosts of an inventory together. Nothing else is handed on.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .. import paths
from ..caa import ISSUERS, LETS_ENCRYPT
from ..mta_sts import Mode
from ..postfix import DEFAULTS
from .accounts import Accounts
from .site import Site
from .types import (
    Address,
    Certificates,
    Delegation,
    DomainName,
    Files,
    Issuer,
    LocalUser,
    Logo,
    Mailbox,
    Mailboxes,
    Network,
    NextHop,
    PostfixName,
    PostfixService,
    PostfixValue,
    Rate,
    Recipients,
    Relay,
    ReportUris,
    Rotation,
    RspamdFile,
    RspamdName,
    SecretReference,
    Selector,
    TlsPolicy,
    TrustAnchor,
)
from .verification import Verification

Notice = Literal["failure", "delay", "success", "verify"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class HostSettings(_Frozen):
    """What every host under deploy has, whatever it is for."""

    inventory_name: str
    hostname: DomainName
    postfix_main: Mapping[PostfixName, PostfixValue] = {}
    postfix_master: Mapping[PostfixService, PostfixValue | None] = {}
    timeout: int = Field(default=30, gt=0)
    install_timeout: int = Field(default=900, gt=0)
    apply_timeout: int = Field(default=120, gt=0)
    preflight: bool = True
    trust_on_first_use: bool = False

    def postfix_value(self, parameter: str) -> str:
        """Return a parameter of main.cf: the operator's own, else a setting's, else the default."""
        values = {**DEFAULTS, **self._postfix_parameters, **self.postfix_main}
        return values[parameter]

    @property
    def _postfix_parameters(self) -> Mapping[str, str]:
        return {"myhostname": self.hostname}


class MailSettings(HostSettings):
    """What one mail host shall be; each field is the inventory key `mail_<field>`."""

    addresses: tuple[Address, ...] = Field(min_length=1)
    domains: tuple[DomainName, ...] = ()
    postmaster: LocalUser = "root"
    aliases: Mapping[str, Recipients] = {}
    networks: tuple[Network, ...] = ()
    message_size_limit: int = Field(default=26_214_400, gt=0)
    accounts: Accounts = {}
    delay_warning: int = Field(default=14_400, ge=0)
    bounce_texts: Mapping[Notice, str] = {}
    dovecot: Mapping[str, Any] = {}
    ban_failures: int = Field(default=10, gt=0)
    ban_seconds: int = Field(default=600, ge=0)
    tls: Literal["acme", "files", "self-signed"] = "self-signed"
    tls_names: tuple[DomainName, ...] = ()
    tls_files: Mapping[DomainName, Files] = {}
    tls_profile: Literal["strict", "interoperable"] = "strict"
    tls_outbound: Mapping[NextHop, TlsPolicy] = {}
    tls_rotate: Literal["", "now"] = ""
    dane: bool = True
    acme_directory: Annotated[str, Field(pattern=r"^https://\S+$")] = LETS_ENCRYPT
    acme_contact: Annotated[str, Field(pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    acme_ca_file: Certificates = ""
    resolver_forwards: tuple[Address, ...] = ()
    resolver_trust_anchor: TrustAnchor = ""
    dkim_selector: Selector = ""
    dkim_rotate: Rotation = ""
    dkim_cname: Delegation = {}
    account_rate: Rate = ""
    scan_outbound: bool = False
    rspamd: Mapping[RspamdFile, Mapping[RspamdName, Any]] = {}
    dns: Mapping[str, Any] | None = None
    dns_timeout: float = Field(default=120, gt=0)
    zone_updates: int = Field(default=20, ge=0)
    zone_deletes: int = Field(default=12, ge=0)
    resolvers: tuple[Address, ...] = ()
    ttl: int = Field(default=3600, ge=60, le=86400)
    spf_all: Literal["", "-all", "~all"] = ""
    dmarc: Literal["none", "quarantine", "reject"] = "none"
    dmarc_reports: Mailboxes = ()
    tls_rpt: ReportUris = ()
    caa: Issuer = ""
    silent_domains: tuple[DomainName, ...] = ()
    bimi: Logo = ""
    mta_sts: Mode = "none"
    autoconfig: bool = False
    # Not a key: the web sites that are this host's to serve, of all that the fleet has.
    sites: tuple[Site, ...] = ()

    @property
    def _postfix_parameters(self) -> Mapping[str, str]:
        return {
            "delay_warning_time": f"{self.delay_warning}s",
            "message_size_limit": str(self.message_size_limit),
            "myhostname": self.hostname,
            "smtpd_tls_chain_files": paths.certificate(self.hostname),
            "virtual_alias_domains": ", ".join(self.domains),
        }

    @property
    def largest_message(self) -> int:
        """Return the largest size of a message in octets; 0 for no limit."""
        value = self.postfix_value("message_size_limit")
        # An expression of the operator's is not evaluated here.
        return int(value) if value.isdecimal() else self.message_size_limit

    @property
    def caa_issuer(self) -> str:
        """Return the name of the host's authority in CAA records; "" where that is not known."""
        return (self.caa or ISSUERS.get(self.acme_directory, "")) if self.tls == "acme" else ""

    @property
    def selector_base(self) -> str:
        """Return what the names of the host's DKIM keys begin with."""
        return self.dkim_selector or self.hostname.partition(".")[0]

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return every name that clients know this host by; each has a certificate of its own."""
        return tuple(dict.fromkeys((self.hostname, *self.tls_names)))

    @property
    def published_names(self) -> tuple[str, ...]:
        """Return every name at or below which this host has something to say in the DNS."""
        pointers = (address.reverse_pointer for address in self.addresses)
        zones = self.dkim_cname.values()
        return (self.hostname, *self.domains, *self.silent_domains, *zones, *pointers)

    @property
    def account_domains(self) -> frozenset[str]:
        """Return the domains of those who may log in here."""
        return frozenset(login.rpartition("@")[2] for login in self.accounts)

    @property
    def site_names(self) -> tuple[str, ...]:
        """Return every name at which a web site of this host answers, by the inventory."""
        sites = (site.standing(served=False) for site in self.sites)
        return tuple(name for site in sites for name in site.names)

    @property
    def certified_names(self) -> tuple[str, ...]:
        """Return every name that this host has a certificate of, web sites' included."""
        return (*self.host_names, *self.site_names)

    def recipients(self) -> dict[str, tuple[str, ...]]:
        """Return every address of every domain that is deliverable here, and where it goes."""
        # RFC 5321 section 4.5.1 and RFC 2142 section 4 demand postmaster and abuse.
        required = {"postmaster": (self.postmaster,), "abuse": (self.postmaster,)}
        return {
            f"{local}@{domain}": targets
            for domain in self.domains
            for local, targets in (required | self._aliases_of(domain)).items()
        }

    def _aliases_of(self, domain: str) -> dict[str, tuple[str, ...]]:
        return {
            key.partition("@")[0]: targets
            for key, targets in self.aliases.items()
            if key.partition("@")[2] in ("", domain)
        }


class Client(HostSettings):
    """
    What a null client shall be: a host whose mail all goes to a submission host, logged in.

    Each field is the inventory key `mail_<field>`; of `relay_ca` it is the file's content.
    """

    relay: Relay
    relay_login: Mailbox
    relay_password: SecretReference
    relay_ca: Certificates = ""
    root: Mailbox


class Witness(_Frozen):
    """A place outside, where delivery is proved: keys `mail_witness_address` and `_mailbox`."""

    inventory_name: str
    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    mailbox: str = Field(pattern=r"^/")


class Fleet(_Frozen):
    """
    Every mail host, client and witness of an inventory, checked against each other.

    In a run that is about a part of them, `others` are the mail hosts that it is not about.
    """

    hosts: tuple[MailSettings, ...]
    witnesses: tuple[Witness, ...] = ()
    clients: tuple[Client, ...] = ()
    verification: Verification = Verification()
    others: tuple[MailSettings, ...] = ()

    def host(self, inventory_name: str) -> MailSettings:
        """Return the settings of a mail host by pyinfra's name for it."""
        return next(host for host in self.hosts if host.inventory_name == inventory_name)

    def deployed(self, inventory_name: str) -> HostSettings:
        """Return the settings of a mail host or client by pyinfra's name for it."""
        everyone: tuple[HostSettings, ...] = (*self.hosts, *self.clients)
        return next(host for host in everyone if host.inventory_name == inventory_name)

    @property
    def domains(self) -> tuple[str, ...]:
        """Return every domain that any host receives mail for, sorted."""
        return tuple(sorted({domain for host in self.hosts for domain in host.domains}))

    @property
    def silent_domains(self) -> tuple[str, ...]:
        """Return every name that never sends nor receives, sorted."""
        return tuple(sorted({name for host in self.hosts for name in host.silent_domains}))

    def covers(self, name: str) -> bool:
        """Tell whether a name is a host's or a domain's, or below one."""
        own = {name for host in self.hosts for name in (host.hostname, *host.domains)}
        return any(f".{name}".endswith(f".{known}") for known in own)

    def hosts_for(self, domain: str) -> tuple[MailSettings, ...]:
        """Return the hosts that receive mail for a domain, in the inventory's order."""
        return tuple(host for host in (*self.hosts, *self.others) if domain in host.domains)

    def narrowed(self, names: Collection[str], domains: Collection[str] = ()) -> "Fleet":
        """Return the part that is about these hosts, and about these domains if any are given."""
        kept, others = [], list(self.others)
        for host in self.hosts:
            served = tuple(one for one in host.domains if not domains or one in domains)
            if host.inventory_name in names and (served or not domains):
                kept.append(host.model_copy(update={"domains": served}))
            else:
                others.append(host)
        return self.model_copy(update={"hosts": tuple(kept), "others": tuple(others)})
