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
        description="Name of the host: in greetings, in HELO and in its MX, A and PTR records.",
        examples=['"mx1.example.org"'],
    )
    postfix_main: Mapping[PostfixName, PostfixValue] = Field(
        default={},
        description="Other parameters of main.cf; they win over every other setting.",
        examples=['{"smtpd_client_connection_count_limit": 40}'],
    )
    postfix_master: Mapping[PostfixService, PostfixValue | None] = Field(
        default={},
        description='Other lines of master.cf by "name/type"; None removes a service.',
        examples=['{"bulk/unix": "- - y - 20 smtp"}'],
    )


class RunSettings(Frozen):
    """Runs."""

    requires: Versions = Field(
        default="",
        description="Versions of pyinfra-mail that the inventory needs, as pip understands them.",
        examples=['">=0.1,<0.2"'],
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
        min_length=1,
        description="IP addresses of the host: mail comes in and leaves by them.",
        examples=['["203.0.113.25", "2001:db8::25"]'],
    )
    domains: Many[DomainName] = Field(
        default=(),
        description="Domains that the host receives mail for.",
        examples=['["example.org"]'],
    )
    sending_domains: Many[DomainName] = Field(
        default=(),
        description="Domains that the host sends mail for and does not receive: their MX records "
        "stay elsewhere.",
        examples=['["shop.example"]'],
    )
    mx_preference: Whole | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="Preference of the host's MX records, the lowest first; None: 10, and an "
        "existing one stays.",
        examples=["20"],
    )
    mx_beside: Many[DomainName] = Field(
        default=(),
        description="MX hosts of others that may have the same preference as ours: they know the "
        "same recipients.",
        examples=['["mail.provider.example"]'],
    )
    postmaster: LocalUser = Field(
        default="root",
        description="User of the host that gets mail for postmaster@ and abuse@ of each domain.",
        examples=['"anna"'],
    )
    aliases: Aliases = Field(
        default={},
        description="Other recipients, each with its targets: a user of the host, another "
        "recipient or an address. A key without a domain counts for every domain.",
        examples=['{"info": "anna", "office": ["anna", "bert@example.net"]}'],
    )
    networks: Many[Network] = Field(
        default=(),
        description="Networks whose hosts may relay through this host.",
        examples=['["203.0.113.0/24"]'],
    )
    message_size_limit: Size = Field(
        default=26_214_400,
        ge=LEAST_SIZE,
        description="Octets of the largest message.",
        examples=['"50M"'],
    )


class Submission(Frozen):
    """Submission."""

    accounts: Accounts = Field(
        default={},
        description="Accounts by login, an address: a password (a hash or a reference), and the "
        "senders that it may use. A sender in mail_domains must be a recipient, because it gets "
        "the bounces.",
        examples=['{"anna@example.org": {"password": file("~/.passwords/anna")}}'],
    )
    account_rate: Rate = Field(
        default="",
        description='Recipients per account and time, like "100/1h"; "": no limit.',
        examples=['"100/1h"'],
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
        default={},
        description="Texts of delivery status notifications (bounce(5)).",
        examples=['{"failure": "$myhostname could not deliver your message."}'],
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
        default={},
        description="Other settings of Dovecot; a section is a dictionary.",
        examples=['{"service auth": {"client_limit": 5000}}'],
    )


class Certificates(Frozen):
    """TLS and certificates."""

    tls: Literal["acme", "files", "self-signed"] = Field(
        default="self-signed",
        examples=['"acme"'],
        description='Source of certificates: "acme" is certbot with HTTP-01 on port 80, "files" '
        "are your own files on the host.",
    )
    tls_names: Many[DomainName] = Field(
        default=(),
        description="Other names that clients use for the host; each has a certificate.",
        examples=['["mail.example.org"]'],
    )
    tls_files: Mapping[DomainName, Files] = Field(
        default={},
        description='For "files": each name with the file of its keys and certificates, or with '
        "several. A replaced file is served at once if its key and certificate match.",
        examples=['{"mx1.example.org": "/etc/ssl/private/mx1.pem"}'],
    )
    tls_profile: Literal["strict", "interoperable"] = Field(
        default="strict",
        description='TLS on port 25; "interoperable" also accepts TLS 1.0 and old ciphers.',
    )
    tls_outbound: Mapping[NextHop, TlsPolicy] = Field(
        default={},
        description="TLS policy for mail to a domain or [host], as in smtp_tls_policy_maps.",
        examples=['{"example.net": "encrypt"}'],
    )
    tls_rotate: Literal["", "now"] = Field(
        default="", description='"now": serve the next TLS keys, whose TLSA records exist.'
    )
    dane: bool = Field(
        default=True, description="Publish TLSA records for the host's keys (RFC 7672)."
    )
    acme_directory: WebAddress = Field(
        default=LETS_ENCRYPT,
        description="Directory of the ACME server.",
        examples=['"https://acme.example.org/directory"'],
    )
    acme_contact: Contact = Field(
        default="",
        description="Contact for warnings of the authority.",
        examples=['"hostmaster@example.org"'],
    )
    acme_ca_file: CertificateFile = Field(
        default="",
        description="Certificates on the controller that vouch for your ACME server.",
        examples=['"/etc/ssl/certs/our-ca.pem"'],
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
        default=(),
        description="Resolvers that Unbound asks in place of the root servers.",
        examples=['["192.0.2.53"]'],
    )
    resolver_trust_anchor: TrustAnchor = Field(
        default="",
        description="DS or DNSKEY record for a root that is not the public one.",
        examples=[
            '". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"'
        ],
    )


class Dkim(Frozen):
    """DKIM and scanning."""

    dkim_selector: Selector = Field(
        default="",
        description='Beginning of the host\'s selectors; "": the first label of mail_hostname.',
        examples=['"mx1"'],
    )
    dkim_rotate: KeyAge = Field(
        default="",
        description='Age of keys at which new ones follow, like "180d", or "now".',
        examples=['"180d"'],
    )
    dkim_cname: KeyZones = Field(
        default={},
        description="Zone of yours that holds the keys, for all domains or by domain; the names "
        "of the keys are CNAMEs into it.",
        examples=['{"example.org": "keys.example.net"}'],
    )
    scan_outbound: bool = Field(
        default=False, description="Judge mail with rspamd's whole rule set."
    )
    rspamd: Mapping[RspamdFile, Mapping[RspamdName, Any]] = Field(
        default={},
        description="Other settings of rspamd, by file of local.d.",
        examples=['{"options.inc": {"task_timeout": "12s"}}'],
    )


class Zones(Frozen):
    """Zones."""

    dns: Mapping[str, Any] | None = Field(
        default=None,
        description='Provider of the zones in octoDNS\'s own keys (docs/providers.md); {"class": '
        '"manual"} prints the records, None changes no zone.',
        examples=['{"class": "desec", "token": env("DESEC_TOKEN")}'],
    )
    dns_timeout: float = Field(
        default=120,
        gt=0,
        allow_inf_nan=False,
        description="Seconds to wait for all name servers, and for caches.",
        examples=["600"],
    )
    zone_updates: Whole = Field(
        default=20, ge=0, description="Record sets of a zone that one run may update."
    )
    zone_deletes: Whole = Field(
        default=12, ge=0, description="Record sets of a zone that one run may delete."
    )
    resolvers: Many[Address] = Field(
        default=(),
        description="Resolvers of the controller; none: those of its system.",
        examples=['["192.0.2.53"]'],
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
        default=(),
        description="Addresses that get the daily DMARC reports.",
        examples=['["dmarc@example.org"]'],
    )
    tls_rpt: ReportUris = Field(
        default=(),
        description="Addresses or https:// URLs that get reports of failed TLS.",
        examples=['["tls@example.org", "https://reports.example.org/tls"]'],
    )
    caa: Issuer = Field(
        default="",
        description="Name of your ACME server's authority in CAA records; that of Let's Encrypt is "
        "known.",
        examples=['"ca.example.org"'],
    )
    silent_domains: Many[DomainName] = Field(
        default=(),
        description="Names that never send and never receive mail.",
        examples=['["www.example.org"]'],
    )
    bimi: Logo = Field(
        default="",
        description="https:// URL of the logo, an .svg file.",
        examples=['"https://example.org/logo.svg"'],
    )
