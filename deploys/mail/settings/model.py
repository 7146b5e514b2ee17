"""
Settings of an inventory as frozen values: hosts, clients, witnesses and the whole fleet.

A field `<name>` is the inventory key `mail_<name>`; that of a witness `mail_witness_<name>`.
"""

from collections.abc import Collection, Mapping

from pydantic import Field

from .. import paths
from ..caa import ISSUERS
from ..postfix import DEFAULTS, QUEUE_LIFETIMES
from ..recipients import Recipients
from . import groups
from .site import Site
from .types import AbsolutePath, CertificateFile, EmailAddress, Frozen, Relay, SecretReference
from .verification import Verification


class HostSettings(groups.RunSettings, groups.Postfix):
    """Settings of every host that is deployed, a mail host or a client."""

    inventory_name: str  # not a key: pyinfra's name of the host

    def postfix_value(self, parameter: str) -> str:
        """Return a parameter of main.cf: the operator's own, else a setting's, else the default."""
        values = {**DEFAULTS, **self.postfix_parameters, **self.postfix_main}
        return values[parameter]

    @property
    def postfix_parameters(self) -> Mapping[str, str]:
        """Return the parameters of main.cf that follow from other settings alone."""
        return {"myhostname": self.hostname}


class MailSettings(
    groups.Records,
    groups.Zones,
    groups.Dkim,
    groups.ResolverSettings,
    groups.WebSites,
    groups.Certificates,
    groups.Submission,
    groups.Receiving,
    HostSettings,
):
    """Settings of one mail host."""

    # Not a key: the web sites of the fleet that this host serves.
    sites: tuple[Site, ...] = ()

    @property
    def postfix_parameters(self) -> Mapping[str, str]:
        """Return the parameters of main.cf that follow from other settings, without defaults."""
        values = {
            **dict.fromkeys(QUEUE_LIFETIMES, f"{self.queue_days}d"),
            "delay_warning_time": f"{self.delay_warning}s",
            "message_size_limit": str(self.message_size_limit),
            "myhostname": self.hostname,
            "smtpd_milters": f"unix:{paths.in_queue(paths.MILTER_SOCKET)}",
            "smtpd_sasl_path": paths.in_queue(paths.AUTH_SOCKET),
            "smtpd_tls_chain_files": paths.certificate(self.hostname),
            "virtual_alias_domains": ", ".join(self.domains),
        }
        return {name: value for name, value in values.items() if DEFAULTS.get(name) != value}

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
        """Return the beginning of the host's DKIM selectors."""
        return self.dkim_selector or self.hostname.partition(".")[0]

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return every name that clients use for this host; each has its own certificate."""
        return tuple(dict.fromkeys((self.hostname, *self.tls_names)))

    @property
    def published_names(self) -> tuple[str, ...]:
        """Return every name at or below which this host has records."""
        pointers = (address.reverse_pointer for address in self.addresses)
        zones = self.dkim_cname.values()
        return (self.hostname, *self.author_domains, *self.silent_domains, *zones, *pointers)

    @property
    def author_domains(self) -> tuple[str, ...]:
        """Return every domain that the host sends mail for."""
        return (*self.domains, *self.sending_domains)

    @property
    def account_domains(self) -> frozenset[str]:
        """Return the domains of the accounts."""
        return frozenset(login.rpartition("@")[2] for login in self.accounts)

    @property
    def site_names(self) -> tuple[str, ...]:
        """Return every name of the web sites that the inventory asks for."""
        sites = (site.required(served=False) for site in self.sites)
        return tuple(name for site in sites for name in site.names)

    @property
    def certified_names(self) -> tuple[str, ...]:
        """Return every name with a certificate, those of web sites included."""
        return (*self.host_names, *self.site_names)

    @property
    def recipients(self) -> Recipients:
        """Return every recipient of every domain, with the ends of its mail."""
        return Recipients(self.hostname, self.domains, self.postmaster, self.aliases)


class NullClient(HostSettings):
    """Null clients."""

    relay: Relay = Field(
        description="Submission host and port; at 465 with TLS at once, else with STARTTLS.",
        examples=['"mx1.example.org:465"'],
    )
    relay_login: EmailAddress = Field(
        description="Login of the client's account there.", examples=['"app@example.org"']
    )
    relay_password: SecretReference = Field(
        description="Password of that account.", examples=['env("RELAY_PASSWORD")']
    )
    relay_ca: CertificateFile = Field(
        default="",
        description="Certificates that vouch for the relay; none: the system's own.",
        examples=['"/etc/ssl/certs/our-ca.pem"'],
    )
    root: EmailAddress = Field(
        description="Address that gets mail for root and all other users.",
        examples=['"postmaster@example.org"'],
    )


class Witness(Frozen):
    """Witnesses."""

    inventory_name: str
    address: EmailAddress = Field(
        description="Address outside the fleet that test messages go to.",
        examples=['"visitor@example.net"'],
    )
    mailbox: AbsolutePath = Field(
        description="Mailbox of that address on the witness, an mbox file.",
        examples=['"/var/mail/visitor"'],
    )


class Fleet(Frozen):
    """
    All mail hosts, clients and witnesses of an inventory, checked against each other.

    A run for a part of the fleet has its other mail hosts in `others`.
    """

    hosts: tuple[MailSettings, ...]
    witnesses: tuple[Witness, ...] = ()
    clients: tuple[NullClient, ...] = ()
    verification: Verification = Verification()
    others: tuple[MailSettings, ...] = ()

    def host(self, inventory_name: str) -> MailSettings:
        """Return the settings of a mail host by its inventory name."""
        return next(host for host in self.hosts if host.inventory_name == inventory_name)

    def deployed(self, inventory_name: str) -> HostSettings:
        """Return the settings of a mail host or client by its inventory name."""
        everyone: tuple[HostSettings, ...] = (*self.hosts, *self.clients)
        return next(host for host in everyone if host.inventory_name == inventory_name)

    @property
    def domains(self) -> tuple[str, ...]:
        """Return every domain that a host receives mail for, sorted."""
        return tuple(sorted({domain for host in self.hosts for domain in host.domains}))

    @property
    def author_domains(self) -> tuple[str, ...]:
        """Return every domain that a host sends mail for, sorted."""
        return tuple(sorted({domain for host in self.hosts for domain in host.author_domains}))

    @property
    def silent_domains(self) -> tuple[str, ...]:
        """Return every name that never sends or receives mail, sorted."""
        return tuple(sorted({name for host in self.hosts for name in host.silent_domains}))

    def covers(self, name: str) -> bool:
        """Tell whether a name is that of a host or domain, or below one."""
        own = {name for host in self.hosts for name in (host.hostname, *host.author_domains)}
        return any(f".{name}".endswith(f".{known}") for known in own)

    def hosts_for(self, domain: str) -> tuple[MailSettings, ...]:
        """Return the hosts that receive mail for a domain, in the inventory's order."""
        return tuple(host for host in (*self.hosts, *self.others) if domain in host.domains)

    def narrowed(self, names: Collection[str], domains: Collection[str] = ()) -> "Fleet":
        """Return the part with these hosts and clients, and with these domains if any are given."""
        kept, others = [], list(self.others)
        for host in self.hosts:
            served, sent = (
                tuple(one for one in every if not domains or one in domains)
                for every in (host.domains, host.sending_domains)
            )
            if host.inventory_name in names and (served or sent or not domains):
                part = {"domains": served, "sending_domains": sent}
                kept.append(host.model_copy(update=part))
            else:
                others.append(host)
        clients = tuple(one for one in self.clients if one.inventory_name in names)
        parts = {"hosts": tuple(kept), "others": tuple(others), "clients": clients}
        return self.model_copy(update=parts)
