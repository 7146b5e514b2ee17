"""
Groups of settings: every `mail_*` key of a mail host, with its type, its default and its meaning.

A group is a class; its docstring is the heading in docs/settings.md, and `MailSettings` is made of
all of them. The documents take each meaning from here.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from ..caa import LETS_ENCRYPT
from ..mta_sts import Mode
from ..postfix import DELAY_WARNING, QUEUE_DAYS
from .accounts import Accounts
from .types import (
    CertificateFile,
    Contact,
    DomainName,
    EmailAddresses,
    Files,
    Frozen,
    Issuer,
    KeyAge,
    KeyZones,
    LocalUser,
    Logo,
    NextHop,
    PostfixName,
    PostfixService,
    PostfixValue,
    Rate,
    ReportUris,
    RspamdFile,
    RspamdName,
    Selector,
    TlsPolicy,
    TrustAnchor,
    Versions,
    WebAddress,
)
from .values.addresses import Address, HostAddress, Network
from .values.aliases import Aliases
from .values.forms import Many, Size, Whole

LEAST_SIZE = 65_536  # RFC 5321 section 4.5.3.1.7
Notice = Literal["failure", "delay", "success", "verify"]


class Postfix(Frozen):
    """Host and Postfix."""

    hostname: DomainName = Field(
        description="Name of the host: in greetings, in HELO and in its MX, A and PTR records."
    )
    postfix_main: Mapping[PostfixName, PostfixValue] = Field(
        default={}, description="Other parameters of main.cf; they win over every other setting."
    )
    postfix_master: Mapping[PostfixService, PostfixValue | None] = Field(
        default={},
        description='Other lines of master.cf by "name/type"; None removes a service.',
    )


class RunSettings(Frozen):
    """Runs."""

    requires: Versions = Field(
        default="",
        description="Versions of pyinfra-mail that the inventory needs, as pip understands them.",
    )
    timeout: Whole = Field(default=30, gt=0, description="Seconds for a remote command.")
    install_timeout: Whole = Field(
        default=900, gt=0, description="Seconds for the installation of packages."
    )
    apply_timeout: Whole = Field(
        default=120, gt=0, description="Seconds for the switch to new files, preflight included."
    )
    preflight: bool = Field(
        default=True,
        description="Boot the new set of Postfix in namespaces and ask it, before the switch.",
    )
    take_over: bool = Field(
        default=False,
        description="Replace the configuration that somebody else gave a service of the host; the "
        "originals are kept there for good.",
    )
    trust_on_first_use: bool = Field(
        default=False,
        description='Permit ssh_strict_host_key_checking = "accept-new" for this host.',
    )


class Receiving(Frozen):
    """Receiving and relaying."""

    addresses: Many[HostAddress] = Field(
        min_length=1, description="IP addresses of the host: mail comes in and leaves by them."
    )
    domains: Many[DomainName] = Field(
        default=(), description="Domains that the host receives mail for."
    )
    postmaster: LocalUser = Field(
        default="root",
        description="User of the host that gets mail for postmaster@ and abuse@ of each domain.",
    )
    aliases: Aliases = Field(
        default={},
        description="Other recipients, each with its targets: a user of the host, another "
        "recipient or an address. A key without a domain counts for every domain.",
    )
    networks: Many[Network] = Field(
        default=(), description="Networks whose hosts may relay through this host."
    )
    message_size_limit: Size = Field(
        default=26_214_400, ge=LEAST_SIZE, description="Octets of the largest message."
    )


class Submission(Frozen):
    """Submission."""

    accounts: Accounts = Field(
        default={},
        description="Accounts by login, an address: a password (a hash or a reference), and the "
        "senders that it may use. Every sender must be a recipient, because it gets the bounces.",
    )
    account_rate: Rate = Field(
        default="", description='Recipients per account and time, like "100/1h"; "": no limit.'
    )
    delay_warning: Whole = Field(
        default=DELAY_WARNING,
        ge=0,
        description="Seconds after which a sender learns that a message waits; 0: never.",
    )
    queue_days: Whole = Field(
        default=QUEUE_DAYS,
        ge=1,
        le=30,
        description="Days that Postfix tries to deliver a message before its sender gets a bounce.",
    )
    bounce_texts: Mapping[Notice, str] = Field(
        default={}, description="Texts of delivery status notifications (bounce(5))."
    )
    ban_failures: Whole = Field(
        default=10, gt=0, description="Wrong passwords after which an address is banned."
    )
    ban_seconds: Whole = Field(
        default=600,
        ge=0,
        description="Seconds in which wrong passwords are counted, and of the ban; 0: no bans.",
    )
    dovecot: Mapping[str, Any] = Field(
        default={}, description="Other settings of Dovecot; a section is a dictionary."
    )


class Certificates(Frozen):
    """TLS and certificates."""

    tls: Literal["acme", "files", "self-signed"] = Field(
        default="self-signed",
        description='Source of certificates: "acme" is certbot with HTTP-01 on port 80, "files" '
        "are your own files on the host.",
    )
    tls_names: Many[DomainName] = Field(
        default=(),
        description="Other names that clients use for the host; each has a certificate.",
    )
    tls_files: Mapping[DomainName, Files] = Field(
        default={},
        description='For "files": each name with the file of its keys and certificates, or with '
        "several. A replaced file is served at once if its key and certificate match.",
    )
    tls_profile: Literal["strict", "interoperable"] = Field(
        default="strict",
        description='TLS on port 25; "interoperable" also accepts TLS 1.0 and old ciphers.',
    )
    tls_outbound: Mapping[NextHop, TlsPolicy] = Field(
        default={},
        description="TLS policy for mail to a domain or [host], as in smtp_tls_policy_maps.",
    )
    tls_rotate: Literal["", "now"] = Field(
        default="", description='"now": serve the next TLS keys, whose TLSA records exist.'
    )
    dane: bool = Field(
        default=True, description="Publish TLSA records for the host's keys (RFC 7672)."
    )
    acme_directory: WebAddress = Field(
        default=LETS_ENCRYPT, description="Directory of the ACME server."
    )
    acme_contact: Contact = Field(default="", description="Contact for warnings of the authority.")
    acme_ca_file: CertificateFile = Field(
        default="", description="Certificates on the controller that vouch for your ACME server."
    )


class WebSites(Frozen):
    """MTA-STS and autoconfiguration."""

    mta_sts: Mode = Field(
        default="none",
        description='MTA-STS policy of the domains: "enforce" begins as "testing", and "none" '
        "takes an earlier policy back.",
    )
    autoconfig: bool = Field(
        default=False, description="Serve the settings of submission to mail programs."
    )


class ResolverSettings(Frozen):
    """Resolver of the host."""

    resolver_forwards: Many[HostAddress] = Field(
        default=(), description="Resolvers that Unbound asks in place of the root servers."
    )
    resolver_trust_anchor: TrustAnchor = Field(
        default="", description="DS or DNSKEY record for a root that is not the public one."
    )


class Dkim(Frozen):
    """DKIM and scanning."""

    dkim_selector: Selector = Field(
        default="",
        description='Beginning of the host\'s selectors; "": the first label of mail_hostname.',
    )
    dkim_rotate: KeyAge = Field(
        default="", description='Age of keys at which new ones follow, like "180d", or "now".'
    )
    dkim_cname: KeyZones = Field(
        default={},
        description="Zone of yours that holds the keys, for all domains or by domain; the names "
        "of the keys are CNAMEs into it.",
    )
    scan_outbound: bool = Field(
        default=False, description="Judge mail with rspamd's whole rule set."
    )
    rspamd: Mapping[RspamdFile, Mapping[RspamdName, Any]] = Field(
        default={}, description="Other settings of rspamd, by file of local.d."
    )


class Zones(Frozen):
    """Zones."""

    dns: Mapping[str, Any] | None = Field(
        default=None,
        description='Provider of the zones in octoDNS\'s own keys (docs/providers.md); {"class": '
        '"manual"} prints the records, None changes no zone.',
    )
    dns_timeout: float = Field(
        default=120, gt=0, description="Seconds to wait for all name servers, and for caches."
    )
    zone_updates: Whole = Field(
        default=20, ge=0, description="Record sets of a zone that one run may update."
    )
    zone_deletes: Whole = Field(
        default=12, ge=0, description="Record sets of a zone that one run may delete."
    )
    resolvers: Many[Address] = Field(
        default=(), description="Resolvers of the controller; none: those of its system."
    )
    ttl: Whole = Field(
        default=3600, ge=60, le=86400, description="TTL in seconds of records that are new."
    )


class Records(Frozen):
    """Records."""

    spf_all: Literal["", "-all", "~all"] = Field(
        default="", description='Least strict end of SPF policies; "": ~all for new ones.'
    )
    dmarc: Literal["none", "quarantine", "reject"] = Field(
        default="none", description="DMARC policy; an existing one is raised by one step a run."
    )
    dmarc_reports: EmailAddresses = Field(
        default=(), description="Addresses that get the daily DMARC reports."
    )
    tls_rpt: ReportUris = Field(
        default=(), description="Addresses or https:// URLs that get reports of failed TLS."
    )
    caa: Issuer = Field(
        default="",
        description="Name of your ACME server's authority in CAA records; that of Let's Encrypt is "
        "known.",
    )
    silent_domains: Many[DomainName] = Field(
        default=(), description="Names that never send and never receive mail."
    )
    bimi: Logo = Field(default="", description="https:// URL of the logo, an .svg file.")
