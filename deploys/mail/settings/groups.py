"""
Groups of settings: every `mail_*` key of a mail host, with its type, its default and its meaning.

A group is a class; its docstring is the heading in docs/settings.md, and `MailSettings` is made of
all of them. The documents take each meaning from here.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from ..caa import LETS_ENCRYPT
from ..mta_sts import DesiredMode
from ..postfix import DELAY_WARNING, QUEUE_DAYS
from .accounts import Accounts
from .bulk import Bulk, Shaping, Warmups
from .relays import Login, RelayTable, RelayTls, SpfTerms
from .types import (
    BlockList,
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
    MxPreferences,
    NextHop,
    Organization,
    PostfixName,
    PostfixService,
    PostfixValue,
    Rate,
    ReportUris,
    RspamdFile,
    RspamdName,
    SecretReference,
    Selector,
    TlsPolicy,
    TrustAnchor,
    Versions,
    WebAddress,
    Webroot,
)
from .values.acme import AcmeDns
from .values.addresses import Address, HostAddress, Network
from .values.aliases import Aliases
from .values.directory import Directory
from .values.filter import SwitchedFilter
from .values.forms import Many, Size, Whole
from .values.mailboxes import Mailboxes
from .values.relay_domains import RelayDomains
from .values.unbound import Clauses

ACCOUNT_RATE = "2000/1d"  # docs/signing.md has its reason
DIRECTORY = (
    '{"class": "postgresql", "host": "db.example.org", "database": "mail", "user": "mail", '
    '"password": env("DIRECTORY_PASSWORD")}'
)
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
        default=600, gt=0, description="Seconds for the switch to new files, preflight included."
    )
    patience: Whole = Field(
        default=120,
        gt=0,
        description="Seconds that the switch waits for a service that shows signs of life, such as "
        "the use of the CPU; without one it waits 20 seconds.",
    )
    preflight: bool = Field(
        default=True,
        description="Boot the new set of Postfix in namespaces and ask it, before the switch.",
    )
    sandbox: bool = Field(
        default=True,
        description="Restrict the services of the host by systemd's sandbox.",
    )
    take_over: bool = Field(
        default=False,
        description="Replace the configuration that somebody else gave a service of the host; the "
        "originals are kept there for good.",
    )
    accept: Many[str] = Field(
        default=(),
        description="Consequences of other settings that are meant, each in the words of its "
        "refusal (docs/mistakes.md).",
        examples=['["relay for 198.18.0.0/15"]'],
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
    mx: MxPreferences = Field(
        default={},
        description="Preference of the host's MX records, the lowest first: a number, or a "
        'dictionary from domain names to numbers, with "*" for all others. Without one it is 10, '
        "and an existing one stays.",
        examples=['{"example.org": 20}'],
    )
    mx_beside: Many[DomainName] = Field(
        default=(),
        description="MX hosts of others that may have the same preference as ours: they know the "
        "same recipients.",
        examples=['["mail.provider.example"]'],
    )
    backup_lifetime: Whole = Field(
        default=QUEUE_DAYS,
        ge=1,
        le=30,
        description="Days that a backup MX keeps the mail of a domain while its primary is away; "
        "the longer of this and mail_queue_days holds for all mail of the host "
        "(docs/second-mx.md).",
        examples=["14"],
    )
    postmaster: LocalUser = Field(
        default="root",
        description="User of the host that gets mail for postmaster@ and abuse@ of each domain.",
        examples=['"anna"'],
    )
    aliases: Aliases = Field(
        default={},
        description="Other recipients, each with its targets: a user of the host, another "
        "recipient or an address. A key without a domain counts for every domain, and "
        '"@example.org" is the catch-all of one (docs/recipients.md).',
        examples=['{"info": "anna", "office": ["anna", "bert@example.net"]}'],
    )
    networks: Many[Network] = Field(
        default=(),
        description="Networks whose hosts may relay through this host.",
        examples=['["203.0.113.0/24"]'],
    )
    relay_domains: RelayDomains = Field(
        default={},
        description="Domains whose mail goes on to another server, each with that server and its "
        'recipients: a list, or "verify" to ask the server (docs/recipients.md).',
        examples=['{"example.net": {"to": "[10.0.0.7]:25", "recipients": ["anna", "info"]}}'],
    )
    postscreen: bool = Field(
        default=False,
        description="Let postscreen(8) talk to new clients on port 25 first: those that speak "
        "before the greeting are refused (docs/postscreen.md).",
    )
    postscreen_dnsbl: Many[BlockList] = Field(
        default=(),
        description="Lists of addresses in the DNS, each with a filter and a weight if you like; "
        "a new client that is on one is refused.",
        examples=['["zen.spamhaus.org"]'],
    )
    message_size_limit: Size = Field(
        default=26_214_400,
        ge=LEAST_SIZE,
        description="Octets of the largest message.",
        examples=['"50M"'],
    )


class Relaying(Frozen):
    """Relays, of mail hosts and null clients."""

    relay: RelayTable = Field(
        default={},
        description="Server that gets all mail to other hosts in place of their MX, at port 465 "
        "with TLS at once, else with STARTTLS; a null client needs one. Or a table by sender "
        '("@example.org", "anna@example.org") and recipient domain ("example.net", '
        '".example.net"), with "*" for all other mail and "direct" for the MX (docs/relay.md).',
        examples=['"smtp.relay.example:587"'],
    )
    relay_login: Login = Field(
        default="",
        description="Login there, of a null client an address; a relay that is a dictionary has "
        'its own. "": none.',
        examples=['"app@example.org"'],
    )
    relay_password: SecretReference | None = Field(
        default=None,
        description="Password of that login.",
        examples=['env("RELAY_PASSWORD")'],
    )
    relay_ca: CertificateFile = Field(
        default="",
        description="Certificates that vouch for the relay; none: the system's own.",
        examples=['"/etc/ssl/certs/our-ca.pem"'],
    )
    relay_tls: RelayTls = Field(
        default="secure",
        description='TLS to the relay: "secure" verifies its name, "encrypt" does not, and "may" '
        "sends in clear text too.",
        examples=['"encrypt"'],
    )
    relay_spf: SpfTerms = Field(
        default=(),
        description="Mechanisms that permit the relay, for the SPF policies of the domains.",
        examples=['"include:spf.relay.example"'],
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
        default=ACCOUNT_RATE,
        description='Recipients per account and time; "": no limit.',
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


class MailboxSettings(Frozen):
    """Mailboxes."""

    mailboxes: Mailboxes = Field(
        default={},
        description="Mailboxes by address, in a domain of mail_domains (docs/mailboxes.md): a "
        "password (a hash or a reference), aliases whose mail gets there, a quota, the space for "
        "its messages, and sieve, a script of rules for new mail (RFC 5228). The address is the "
        "login, and may send from itself and from its aliases.",
        examples=['{"anna@example.org": {"password": env("ANNA"), "quota": "2G"}}'],
    )
    directory: Directory | None = Field(
        default=None,
        description="Database of PostgreSQL that has mailboxes, aliases and recipients of relay "
        "domains beside the inventory (docs/directory.md): its host, port and database, a user "
        "that may read it, the password, and a file with certificates of your own CA.",
        examples=[DIRECTORY],
    )
    mailbox_format: Literal["maildir", "sdbox"] = Field(
        default="maildir",
        description='Format of mailboxes on the disk: "maildir", or "sdbox", Dovecot\'s own, '
        "whose large mailboxes open faster. Mailboxes that exist in the other format are to be "
        "converted first (docs/mailboxes.md).",
    )
    quota_full: Literal["refuse", "defer"] = Field(
        default="refuse",
        description='Reply to mail for a full mailbox, at RCPT: "refuse" is 552, so the sender '
        'knows at once, "defer" 452, so the sender\'s server tries again for days.',
    )
    managesieve: bool = Field(
        default=False,
        description="Users change their rules themselves, at port 4190 with STARTTLS (RFC 5804).",
    )
    pop3: bool = Field(
        default=False, description="Mailboxes are read by POP3 too, at port 995 with TLS."
    )
    imap_starttls: bool = Field(
        default=False,
        description="Mailboxes are read at port 143 too, with STARTTLS, for old mail programs.",
    )
    subaddress: bool = Field(
        default=True,
        description="Mail for anna+news@ is mail for anna@, where the host has mailboxes "
        "(RFC 5233).",
    )


class BulkMail(Frozen):
    """Bulk mail."""

    bulk: Bulk | None = Field(
        default=None,
        description="Bulk stream, with a Postfix instance of its own (docs/bulk.md): its accounts, "
        "or a header field of its mail, the domain of its bounces, a secret that all its hosts "
        "share, addresses of the host that only this mail leaves by, days in its queue, other "
        "parameters of its main.cf, how its bounces are treated, and if one click unsubscribes. "
        "None: there is no such stream.",
        examples=[
            '{"accounts": ["anna@example.org"], "bounces": "b.example.org", "secret": env("B")}'
        ],
    )
    shaping: Shaping = Field(
        default={},
        description="Limits of receivers for bulk mail, by group (docs/shaping.md): domains, mx, "
        "concurrency, recipients, rate and messages_per_connection. What is not given is as the "
        "group has it by default, and None removes the group.",
        examples=['{"google": {"concurrency": 10}}'],
    )
    warmup: Warmups = Field(
        default=(),
        description="Plan of a new address of the bulk stream, or a list of them "
        "(docs/warmup.md): messages a day and receiver group that leave by it from a date on. "
        'rest is the way of the others: another address of the stream ("address"), those of '
        'ordinary mail ("host"), the relay "warmup" of mail_relay ("relay"), or none ("wait"). '
        "A group pauses above deferred or bounced, in percent of the attempts of a day. After its "
        "last day all mail leaves by the address.",
        examples=['{"address": "203.0.113.42", "start": "2027-01-04", "plan": [50, 100, 500]}'],
    )


class Certificates(Frozen):
    """TLS and certificates."""

    tls: Literal["acme", "files", "self-signed"] = Field(
        default="self-signed",
        examples=['"acme"'],
        description='Source of certificates: "acme" is certbot, "files" are your own files '
        "on the host.",
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
    acme_challenge: Literal["http", "dns"] = Field(
        default="http",
        description='Proof to the ACME server: "http" at port 80 of the host, "dns" by a TXT '
        "record at _acme-challenge, which deploys/site.py and deploys/certificates.py publish.",
        examples=['"dns"'],
    )
    acme_dns: AcmeDns | None = Field(
        default=None,
        description="Zone for the proofs by DNS that the host changes itself, by updates (RFC "
        "2136), and its key (docs/tls.md): its certificates are renewed without the controller. "
        "None: the controller publishes them.",
        examples=[
            '{"zone": "a.example", "server": "192.0.2.1", "key_name": "a", "key_secret": env("A")}'
        ],
    )
    acme_webroot: Webroot = Field(
        default="",
        description="Directory on the host that a web server of yours serves at port 80.",
        examples=['"/var/www/html"'],
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

    mta_sts: DesiredMode = Field(
        default="none",
        description='MTA-STS policy of the domains: "enforce" begins as "testing", "auto" goes on '
        'by the evidence of TLS reports, and "none" takes an earlier policy back.',
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
    unbound: Clauses = Field(
        default={},
        description="Other settings of Unbound, by clause of unbound.conf; a list of values is "
        "several lines, a list of dictionaries several zones.",
        examples=['{"server": {"num-threads": 2, "qname-minimisation-strict": True}}'],
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
    encode: bool = Field(
        default=True,
        description="Encode, before the signature, content that another server may change or "
        "refuse: octets beyond ASCII, and lines over 998 octets.",
    )
    scan_outbound: bool = Field(
        default=False, description="Judge mail with rspamd's whole rule set."
    )
    filter: SwitchedFilter = Field(
        default=None,
        description="Judge what comes in from outside (docs/filter.md): SPF, DKIM and DMARC, and a "
        "score of rspamd, from junk on for the folder Junk, and from reject on refused. A "
        "dictionary changes junk, reject, greylist, dmarc_except, forward_spam, outside and bayes. "
        "None: on a host with mailboxes.",
        examples=['{"junk": 5, "reject": 12, "dmarc_except": ["lists.example.net"]}'],
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
    dmarc: Literal["none", "quarantine", "reject", "auto"] = Field(
        default="none",
        description='DMARC policy; an existing one is raised by one step a run. "auto": by the '
        "evidence of the reports that the host reads.",
    )
    dmarc_forgers: Many[Network] = Field(
        default=(),
        description='Addresses and networks whose mail in your name is forged: for "auto" it does '
        "not count.",
        examples=['["192.0.2.77"]'],
    )
    auto_days: Whole = Field(
        default=14,
        ge=7,
        le=28,
        description='Days of clean reports that a step of an "auto" policy needs.',
    )
    auto_messages: Whole = Field(
        default=100,
        ge=1,
        description="Messages in these reports that a step needs.",
    )
    dmarc_reports: EmailAddresses = Field(
        default=(),
        description="Addresses that get the daily DMARC reports. The host reads what comes to one "
        "in mail_domains that is no other recipient.",
        examples=['["dmarc@example.org"]'],
    )
    tls_rpt: ReportUris = Field(
        default=(),
        description="Addresses or https:// URLs that get reports of failed TLS; the host reads "
        "them as those of mail_dmarc_reports.",
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


class SentReports(Frozen):
    """Reports to others."""

    send_reports: Many[Literal["dmarc", "tls"]] = Field(
        default=(),
        description="Daily reports that the host sends to the domains of others (docs/reports.md): "
        '"dmarc" on the mail that came in their name, "tls" on TLS with their hosts.',
        examples=['["dmarc", "tls"]'],
    )
    report_sender: Contact = Field(
        default="",
        description="Sender of these reports, who gets their bounces; "
        '"": postmaster@ the first of mail_domains.',
        examples=['"reports@example.org"'],
    )
    report_organization: Organization = Field(
        default="",
        description='Name of your organization in these reports; "": the domain of the sender.',
        examples=['"Example Inc."'],
    )
