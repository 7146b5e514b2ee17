"""
Settings of an inventory as frozen values: hosts, clients, witnesses and the whole fleet.

A field `<name>` is the inventory key `mail_<name>`; that of a witness `mail_witness_<name>`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from ipaddress import IPv4Address, ip_address, ip_network

from pydantic import Field

from .. import directory, paths, postfix, postfix_services, srs
from ..caa import ISSUERS
from ..names import nobody
from ..postfix import DEFAULTS, QUEUE_LIFETIMES
from ..recipients import Recipients
from . import groups
from .accounts import Account
from .bulk import ALSO_SENDING, OF_OWN_ADDRESSES, RELAYED, SENDING, warm
from .relays import ALL, SUBMISSIONS, Relays, next_hop
from .site import Site, unsubscribe_name
from .types import AbsolutePath, CertificateFile, EmailAddress, Frozen, Relay, SecretReference
from .values.addresses import Address
from .values.filter import Filter
from .verification import Verification


class HostSettings(groups.RunSettings, groups.Postfix):
    """Settings of every host that is deployed, a mail host or a client."""

    inventory_name: str  # not a key: pyinfra's name of the host

    def postfix_value(self, parameter: str) -> str:
        """Return a parameter of main.cf: the operator's own, else a setting's, else the default."""
        return self._postfix_values[parameter]

    def postfix_expanded(self, value: str) -> str:
        """Return a value of main.cf or master.cf with the parameters that it names."""
        return postfix.expanded(value, self._postfix_values)

    @property
    def postfix_parameters(self) -> Mapping[str, str]:
        """Return the parameters of main.cf that are the host's own, without mail_postfix_main."""
        return {"myhostname": self.hostname}

    @property
    def postfix_services(self) -> Mapping[str, str]:
        """Return the services of master.cf by "name/type", the operator's own included."""
        services = {**self.own_services, **self.postfix_master}
        return {name: fields for name, fields in services.items() if fields is not None}

    @property
    def own_services(self) -> Mapping[str, str]:
        """Return the services of master.cf that a host of this kind has."""
        return postfix_services.CLIENT

    @property
    def _postfix_values(self) -> Mapping[str, str]:
        values = {**DEFAULTS, **self.postfix_parameters, **self.postfix_main}
        return {"mydomain": values["myhostname"].partition(".")[2], **values}


class MailSettings(
    groups.SentReports,
    groups.Records,
    groups.Zones,
    groups.Dkim,
    groups.ResolverSettings,
    groups.WebSites,
    groups.Certificates,
    groups.BulkMail,
    groups.MailboxSettings,
    groups.Submission,
    groups.Relaying,
    groups.Receiving,
    HostSettings,
):
    """Settings of one mail host."""

    # Not a key: the web sites of the fleet that this host serves.
    sites: tuple[Site, ...] = ()
    fleet_names: tuple[str, ...] = ()  # not a key: the names of the fleet's mail hosts
    # Not a key: the addresses of the fleet's mail hosts, and of its witnesses.
    fleet_addresses: tuple[Address, ...] = ()
    # Not keys: the names of the primaries by domain, where the host is a backup MX; the homes of
    # mailboxes on other hosts, and their aliases; the addresses of the hosts that hand mail over to
    # this one, and of those that this one hands over to; the names of the latter whose certificates
    # all systems trust; and the largest message that all of its primaries take, or 0.
    primaries: Mapping[str, tuple[str, ...]] = {}
    homes: Mapping[str, str] = {}
    home_aliases: Mapping[str, tuple[str, ...]] = {}
    givers: tuple[str, ...] = ()
    takers: tuple[str, ...] = ()
    verified_takers: tuple[str, ...] = ()
    largest_taken: int = 0
    # Not keys: the addresses to which the fleet asks for reports, and the domains that they are
    # about.
    report_addresses: tuple[str, ...] = ()
    reported_domains: tuple[str, ...] = ()

    @property
    def postfix_parameters(self) -> Mapping[str, str]:
        """Return the parameters of main.cf that differ from Postfix's defaults."""
        values = {
            **postfix.MAIL_HOST,
            **(postfix.SUBMISSION if self.logins else {}),
            **(postfix.MAILBOXES if self.knows_mailboxes else {}),
            **({"recipient_delimiter": "+"} if self.knows_subaddresses else {}),
            **(postfix.BULK if self.bulk else {}),
            **(
                {"milter_header_checks": postfix.BULK_CHOSEN}
                if self.bulk and self.bulk.header
                else {}
            ),
            **self._postscreen_parameters,
            **(postfix.TLS_REPORTS if "tls" in self.send_reports else {}),
            **dict.fromkeys(QUEUE_LIFETIMES, f"{self.queue_days}d"),
            **self._backup_parameters,
            **postfix.trusting(self.trusted_givers),
            **self._restriction_classes,
            "myhostname": self.hostname,
            "mynetworks": ", ".join(self.relay_networks),
            "smtpd_milters": f"unix:{paths.in_queue(paths.MILTER_SOCKET)}",
            "smtpd_sasl_path": paths.in_queue(paths.AUTH_SOCKET),
            "smtpd_tls_chain_files": paths.certificate(self.hostname),
            **self._domain_lists,
            **self.verification_parameters,
            **self._relay_classes,
            **self.relays.parameters,
            **self._directory_parameters,
            **(srs.parameters(self.hostname) if self.forwards else {}),
            srs.MAPS: ", ".join(self.transport_maps),
        }
        # A directory that is away defers at once, before Dovecot waits for it.
        asked = "reject_unlisted_recipient, " if self.directory else ""
        full = f"{asked}{postfix.QUOTA_POLICY}, " if self.has_quotas else ""
        for name in postfix.RECIPIENT_RESTRICTIONS:
            if name in values:
                values[name] = full + postfix.excepting(values[name], self.known_ways)
        received = postfix.RECIPIENT_RESTRICTIONS[0]
        values[received] = postfix.taking(self.givers, self.takers) + values[received]
        return {name: value for name, value in values.items() if DEFAULTS.get(name) != value}

    @property
    def _restriction_classes(self) -> Mapping[str, str]:
        """Return the restrictions that other ones name: of the bulk stream, and of MX hosts."""
        bulk = (postfix.BULK_STREAM,) if self.bulk else ()
        taken = {postfix.OF_TAKERS: postfix.TAKERS} if self.takers else {}
        return {"smtpd_restriction_classes": ", ".join((*bulk, *taken)), **taken}

    def mx_preference(self, domain: str) -> int | None:
        """Return the preference that is set for the host's MX record of a domain."""
        return self.mx.get(domain, self.mx.get(ALL))

    @property
    def _postscreen_parameters(self) -> Mapping[str, str]:
        """Return the parameters of postscreen(8), with the clients that it lets pass at once."""
        if not self.postscreen:
            return {}
        known = ", ".join(f"{{{one} permit}}" for one in self.fleet_addresses)
        lists = ", ".join(self.postscreen_dnsbl)
        asked = {"postscreen_dnsbl_sites": lists, "postscreen_dnsbl_action": "enforce"}
        return {
            **postfix.POSTSCREEN,
            "postscreen_access_list": f"permit_mynetworks, cidr:{{ {known} }}",
            **(asked if lists else {}),
        }

    @property
    def transport_maps(self) -> tuple[str, ...]:
        """Return the tables that choose the way of mail by its recipient."""
        forward = srs.WAY if self.forwards else ""
        lost = directory.WAY if self.directory else ""
        handed = f"lmdb:{paths.HAND_OVER}" if self.handed_over else ""
        ways = {domain: f"relay:{one.to}" for domain, one in self.relay_domains.items()}
        relayed = self.relays.parameters.get(srs.MAPS, "")
        return tuple(filter(None, (forward, lost, handed, postfix.inline(ways), relayed)))

    @property
    def handed_over(self) -> Mapping[str, str]:
        """Return the way of mail to another host of the domain: by domain, or by mailbox."""
        domains = {
            domain: f"relay:{', '.join(map(postfix.host_hop, names))}"
            for domain, names in self.primaries.items()
        }
        boxes = {
            address: f"relay:{postfix.host_hop(home)}"
            for address, home in self.homes.items()
            if address.rpartition("@")[2] not in self.primaries
        }
        return domains | boxes

    @property
    def kept_domains(self) -> tuple[str, ...]:
        """Return the domains whose mail is delivered here, and not kept for a primary."""
        return tuple(one for one in self.domains if one not in self.primaries)

    @property
    def trusted_givers(self) -> tuple[str, ...]:
        """Return the addresses that hand mail over here, but for those of trusted networks."""
        networks = tuple(map(ip_network, self.networks))
        return tuple(
            one for one in self.givers if not any(ip_address(one) in net for net in networks)
        )

    @property
    def tls_policies(self) -> Mapping[str, str]:
        """Return the TLS policies by next hop; the operator's win."""
        verified = {postfix.host_hop(name): "secure" for name in self.verified_takers}
        return verified | dict(self.tls_outbound)

    @property
    def _backup_parameters(self) -> Mapping[str, str]:
        """Return the parameters that depend on whether the host is a backup MX."""
        size, warning = self.message_size_limit, self.delay_warning
        if not self.primaries:
            return {"delay_warning_time": f"{warning}s", "message_size_limit": str(size)}
        days = max(self.queue_days, self.backup_lifetime)
        taken = self.largest_taken - postfix.ADDED_LINES if self.largest_taken else size
        return {
            # Outside senders hear of a delay from nobody, as their addresses may be forged.
            "delay_warning_time": "0s",
            "message_size_limit": str(min(size, taken)),
            "maximal_queue_lifetime": f"{days}d",
        }

    @property
    def known_recipients(self) -> Mapping[str, tuple[str, ...]]:
        """Return the recipients by domain, those of relay domains with a list included."""
        relayed = {domain: one.addresses(domain) for domain, one in self.relay_domains.items()}
        own = {domain: self.every_recipient.of_domain(domain) for domain in self.domains}
        return own | {domain: found for domain, found in relayed.items() if found}

    @property
    def verification_parameters(self) -> Mapping[str, str]:
        """Return the parameters with which servers are asked for their recipients."""
        asked = any(one.asked for one in self.relay_domains.values())
        return postfix.VERIFICATION if asked else {}

    @property
    def _relay_classes(self) -> Mapping[str, str]:
        """Return the domains that are received for others, and the tables of their recipients."""
        bounces = (self.bulk.bounces,) if self.bulk else ()
        others = (*self.relay_domains, *self.primaries)
        listed = (f"lmdb:{paths.RELAY_DOMAINS}",) if others else ()
        maps = self.directory_maps
        asked = (maps["relay_recipient_maps"],) if "relay_recipient_maps" in maps else ()
        handled = (postfix.BULK["relay_recipient_maps"],) if self.bulk else ()
        return {
            "relay_domains": ", ".join((*others, *bounces)),
            "relay_recipient_maps": ", ".join((*listed, *asked, *handled)),
        }

    @property
    def directory_relays(self) -> tuple[str, ...]:
        """Return the relay domains of which the directory has recipients too."""
        listed = (domain for domain, one in self.relay_domains.items() if not one.asked)
        return tuple(listed) if self.directory else ()

    @property
    def directory_tables(self) -> Mapping[str, tuple[str, ...]]:
        """Return Postfix's questions to the directory by path, each with the domains it is for."""
        if not self.directory:
            return {}
        of_own = (paths.DIRECTORY_ALIASES, paths.DIRECTORY_MAILBOXES, paths.DIRECTORY_SENDERS)
        others = self.directory_relays
        relayed = {paths.DIRECTORY_RELAYED: others} if others else {}
        return {**dict.fromkeys(of_own, self.kept_domains), **relayed}

    @property
    def directory_questions(self) -> Mapping[str, str]:
        """Return Postfix's questions to the directory by path, each with a key without an entry."""
        return {path: nobody(domains[0]) for path, domains in self.directory_tables.items()}

    @property
    def directory_maps(self) -> Mapping[str, str]:
        """Return the tables with which the directory is asked, by parameter of main.cf."""
        tables = {
            "virtual_alias_maps": paths.DIRECTORY_ALIASES,
            "virtual_mailbox_maps": paths.DIRECTORY_MAILBOXES,
            "smtpd_sender_login_maps": paths.DIRECTORY_SENDERS,
            "relay_recipient_maps": paths.DIRECTORY_RELAYED,
        }
        asked = self.directory_tables
        return {name: postfix.proxied(path) for name, path in tables.items() if path in asked}

    @property
    def _directory_parameters(self) -> Mapping[str, str]:
        """Return the parameters with which the directory is asked, after the inventory's tables."""
        if not self.directory:
            return {}
        known = {"virtual_alias_maps": postfix.VIRTUAL, **postfix.MAILBOXES, **postfix.SUBMISSION}
        asked = self.directory_maps
        tables = {name: table for name, table in known.items() if name in asked}
        return {name: f"{table}, {asked[name]}" for name, table in tables.items()}

    @property
    def forwards(self) -> bool:
        """Tell whether an alias may lead elsewhere; of the directory's it is not known."""
        return bool(self.recipients.forwards or self.directory)

    @property
    def known_ways(self) -> Mapping[str, str]:
        """Return the recipient domains with a next hop of their own, each with a restriction."""
        # The DNS need not know them. A key like ".example.net" means the names below it; here
        # "example.net" has them too (parent_domain_matches_subdomains).
        relays = self.relays
        known = {key.removeprefix("."): "permit" for key in relays.recipients if relays.table[key]}
        asked = "reject_unverified_recipient, permit"
        bounces = {self.bulk.bounces: "permit"} if self.bulk else {}
        relayed = {
            domain: asked if one.asked else "permit" for domain, one in self.relay_domains.items()
        }
        return known | bounces | relayed | dict.fromkeys(self.primaries, "permit")

    @property
    def _domain_lists(self) -> Mapping[str, str]:
        """Return the parameters that list the domains: with mailboxes, or of aliases only."""
        lists = ("virtual_mailbox_domains", "virtual_alias_domains")
        used, other = lists if self.knows_mailboxes else reversed(lists)
        return {used: ", ".join(self.kept_domains), other: ""}

    @property
    def own_services(self) -> Mapping[str, str]:
        """Return the services of master.cf that a mail host has."""
        screened = postfix_services.POSTSCREEN if self.postscreen else {}
        submission = self._submission_services if self.logins else {}
        bulk = postfix_services.BULK_HAND_OVER if self.bulk else {}
        forward = postfix_services.FORWARD if self.forwards else {}
        relays = self.relays.services
        services: postfix_services.Services = {**postfix_services.MAIL_HOST, **screened}
        if self.tls_profile == "interoperable":
            services = postfix_services.interoperable(services)
        return {**services, **submission, **bulk, **relays, **forward}

    @property
    def _submission_services(self) -> Mapping[str, str]:
        """Return the services of submission; other hosts of the fleet are clients as all others."""
        judged = " -o smtpd_milter_maps=" if self.trusted_givers else ""
        warned = f" -o delay_warning_time={self.delay_warning}s" if self.primaries else ""
        return {
            name: fields + (judged if name.endswith("/inet") else warned)
            for name, fields in postfix_services.SUBMISSION.items()
        }

    @property
    def relay_networks(self) -> tuple[str, ...]:
        """Return the networks that may relay, as Postfix writes them; this host is the first."""
        return (*postfix.LOOPBACK, *map(postfix.bracketed, self.networks))

    @property
    def relays(self) -> Relays:
        """Return the relays; one for all mail that is written as text has the keys beside it."""
        table, of_all = dict(self.relay), self.relay.get(ALL)
        if of_all and of_all.model_fields_set == {"host"}:
            table[ALL] = of_all.model_copy(update=self.relay_options)
        return Relays(table)

    @property
    def relay_options(self) -> Mapping[str, object]:
        """Return the keys beside `mail_relay` that are set, by their name in its table."""
        options = ("login", "password", "ca", "tls", "spf")
        return {
            one: getattr(self, f"relay_{one}")
            for one in options
            if f"relay_{one}" in self.model_fields_set
        }

    @property
    def largest_message(self) -> int:
        """Return the largest size of a message in octets; 0 for no limit."""
        value = self.postfix_value("message_size_limit")
        # An expression of the operator's is not evaluated here.
        return int(value) if value.isdecimal() else self.message_size_limit

    @property
    def bulk_name(self) -> str:
        """Return the name of the bulk stream's own addresses, and of its Postfix instance."""
        return f"bulk.{self.hostname}"

    @property
    def bulk_addresses(self) -> tuple[Address, ...]:
        """Return the stream's own addresses that bulk mail leaves by without a plan; () if none."""
        bulk = self.bulk.addresses if self.bulk else ()
        if any(one.rest == "host" for one in self.warmup):
            return ()
        return warm(bulk, self.warmup) or bulk

    @property
    def bulk_parameters(self) -> Mapping[str, str]:
        """Return the operator's parameters of the bulk instance: those for sending, and its own."""
        replaced = OF_OWN_ADDRESSES if self.bulk_addresses else ()
        sending = {
            name: value
            for name, value in self.postfix_main.items()
            if (name.startswith(SENDING) or name in ALSO_SENDING) and name not in replaced
        }
        return {**sending, **(self.bulk.postfix_main if self.bulk else {})}

    @property
    def bulk_relayed(self) -> bool:
        """Tell whether relays get the bulk mail, and not the receiver groups."""
        return bool({*self.relays.parameters, *self.bulk_parameters} & RELAYED)

    @property
    def one_click_name(self) -> str:
        """Return the name of the web site that unsubscribes from bulk mail; "" without one."""
        # RFC 8058 section 3.1 demands HTTPS, with a certificate that receivers can verify.
        wanted = self.bulk and self.bulk.one_click and self.tls != "self-signed"
        return unsubscribe_name(self.hostname) if wanted else ""

    @property
    def kept_senders(self) -> tuple[str, ...]:
        """Return the domains whose SPF policies permit the host to forward mail from them."""
        bounces = (self.bulk.bounces,) if self.bulk else ()
        return tuple(dict.fromkeys((self.hostname, *self.author_domains, *bounces)))

    @property
    def main_address(self) -> str:
        """
        Return the address at which the bulk instance reaches the main one; "" if there is none.

        At 127.0.0.1 it would take it for itself, a loop of mail.
        """
        heard = postfix.items(self.postfix_expanded(self.postfix_value("inet_interfaces")))
        return postfix.OTHER_LOOPBACK if "all" in heard else next(filter(_is_outside, heard), "")

    @cached_property
    def logins(self) -> Mapping[str, Account]:
        """Return every account by its login, those of mailboxes included."""
        of_mailboxes = {address: one.account(address) for address, one in self.mailboxes.items()}
        return {**self.accounts, **of_mailboxes}

    @property
    def has_quotas(self) -> bool:
        """Tell whether a mailbox has a quota; one of the directory may."""
        return bool(self.directory) or any(one.quota for one in self.mailboxes.values())

    @property
    def has_rules(self) -> bool:
        """Tell whether mail for mailboxes passes rules of Sieve."""
        own = any(one.sieve for one in self.mailboxes.values())
        return bool(self.mailboxes) and (own or self.managesieve or bool(self.judgement))

    @property
    def mailbox_services(self) -> frozenset[str]:
        """Return the services that the host offers for its mailboxes, by their usual names."""
        offered = {
            "imaps": bool(self.mailboxes),
            "imap": self.imap_starttls,
            "pop3s": self.pop3,
            "sieve": self.managesieve,
        }
        return frozenset(name for name, on in offered.items() if on and self.mailboxes)

    @property
    def judgement(self) -> Filter | None:
        """Return how mail from outside is judged; None if it is not."""
        if self.filter is None:
            return Filter() if self.feeds_mailboxes else None
        return self.filter if self.filter.enabled else None

    @property
    def learns(self) -> bool:
        """Tell whether moves into Junk and out of it teach the filter."""
        return bool(self.mailboxes and self.judgement and self.judgement.bayes)

    @property
    def refuses_forwards(self) -> bool:
        """Tell whether what is judged as spam is refused where its recipient leads elsewhere."""
        judgement = self.judgement
        return judgement is not None and not judgement.forward_spam

    @property
    def knows_subaddresses(self) -> bool:
        """Tell whether mail for `anna+news` is mail for `anna`."""
        return self.subaddress and bool(self.mailboxes or self.homes)

    @property
    def knows_mailboxes(self) -> bool:
        """Tell whether a domain has mailboxes, here or on a host that gets their mail from here."""
        domains = {address.rpartition("@")[2] for address in self.homes}
        return bool(self.mailboxes) or bool(domains - {*self.primaries})

    @property
    def feeds_mailboxes(self) -> bool:
        """Tell whether mail ends in mailboxes of Dovecot, here or on another host."""
        return bool(self.mailboxes or self.homes)

    @property
    def subaddress_marks(self) -> str:
        """Return the characters of which each begins a subaddress of a mailbox."""
        marks = self.postfix_expanded(self.postfix_value("recipient_delimiter"))
        return marks if self.mailboxes else ""

    @property
    def mailbox_addresses(self) -> tuple[str, ...]:
        """Return every address of the mailboxes, their aliases included."""
        aliases = (alias for one in self.mailboxes.values() for alias in one.aliases)
        return (*self.mailboxes, *aliases)

    @property
    def ordinary_accounts(self) -> Mapping[str, Account]:
        """Return the accounts whose mail is not that of the bulk stream."""
        bulk = self.bulk.accounts if self.bulk else ()
        return {login: one for login, one in self.logins.items() if login not in bulk}

    @property
    def bulk_senders(self) -> frozenset[str]:
        """Return the addresses that the mail of the bulk stream comes from."""
        accounts = self.bulk.accounts if self.bulk else ()
        if self.bulk and self.bulk.header:
            accounts = tuple(self.accounts)
        return frozenset(one for login in accounts for one in self.accounts[login].senders)

    @property
    def caa_issuer(self) -> str:
        """Return the name of the host's authority in CAA records; "" where that is not known."""
        return (self.caa or ISSUERS.get(self.acme_directory, "")) if self.tls == "acme" else ""

    @property
    def selector_base(self) -> str:
        """Return the beginning of the host's DKIM selectors."""
        return self.dkim_selector or self.hostname.partition(".")[0]

    @property
    def report_from(self) -> str:
        """Return the sender of reports to others; "" without a domain."""
        return self.report_sender or next((f"postmaster@{one}" for one in self.domains), "")

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return every name that clients use for this host; each has its own certificate."""
        return tuple(dict.fromkeys((self.hostname, *self.tls_names)))

    @property
    def published_names(self) -> tuple[str, ...]:
        """Return every name at or below which this host has records."""
        bulk = self.bulk.addresses if self.bulk else ()
        pointers = (address.reverse_pointer for address in (*self.addresses, *bulk))
        bounces = (self.bulk.bounces,) if self.bulk else ()
        names = (self.hostname, *self.author_domains, *bounces, *self.silent_domains)
        return (*names, *self.dkim_cname.values(), *pointers)

    @property
    def author_domains(self) -> tuple[str, ...]:
        """Return every domain that the host sends mail for."""
        return (*self.domains, *self.sending_domains)

    @property
    def counted_rate(self) -> str:
        """Return the rate that accounts may send at; "" if nothing has to be counted."""
        return self.account_rate if self.logins else ""

    @property
    def account_domains(self) -> frozenset[str]:
        """Return the domains of the accounts."""
        return frozenset(login.rpartition("@")[2] for login in self.logins)

    @property
    def mailbox_domains(self) -> frozenset[str]:
        """Return the domains of the mailboxes."""
        return frozenset(address.rpartition("@")[2] for address in self.mailboxes)

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
    def proves_by_dns(self) -> bool:
        """Tell whether the host gets its certificates by DNS-01, with the controller's help."""
        return self.tls == "acme" and self.acme_challenge == "dns" and not self.acme_dns

    @cached_property
    def recipients(self) -> Recipients:
        """Return every recipient of the domains that are no other host's, with its ends."""
        kept = tuple(one for one in self.homes if one.rpartition("@")[2] not in self.primaries)
        return replace(
            self.every_recipient,
            domains=self.kept_domains,
            relayed=(*self.relay_domains, *self.primaries, *self._asked_domains),
            mailboxes=(*self.mailboxes, *kept),
        )

    @property
    def _asked_domains(self) -> tuple[str, ...]:
        """Return the domains of which a directory has recipients that the inventory has not."""
        return self.kept_domains if self.directory else ()

    @cached_property
    def every_recipient(self) -> Recipients:
        """Return every recipient of every domain, those of domains with a primary included."""
        of_mailboxes = {
            alias: (address,) for address, one in self.mailboxes.items() for alias in one.aliases
        }
        return Recipients(
            hostname=self.hostname,
            domains=self.domains,
            postmaster=self.postmaster,
            aliases={**self.aliases, **of_mailboxes, **self.home_aliases},
            reports=self.report_addresses,
            relayed=tuple(self.relay_domains),
            mailboxes=(*self.mailboxes, *self.homes),
        )


def _is_outside(word: str) -> bool:
    """Tell whether a word is an IPv4 address beyond loopback."""
    try:
        return not IPv4Address(word).is_loopback
    except ValueError:
        return False


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

    @property
    def postfix_parameters(self) -> Mapping[str, str]:
        """Return the parameters of main.cf that differ from Postfix's defaults."""
        values = {
            **postfix.NULL_CLIENT,
            "myhostname": self.hostname,
            "relayhost": self.relay_hop,
            "smtp_tls_wrappermode": "yes" if self.relay.endswith(f":{SUBMISSIONS}") else "no",
            **({"smtp_tls_CAfile": paths.RELAY_CA} if self.relay_ca else {}),
        }
        return {name: value for name, value in values.items() if DEFAULTS.get(name) != value}

    @property
    def relay_hop(self) -> str:
        """Return the next hop of all mail; the brackets mean that no MX record is looked up."""
        return next_hop(self.relay)


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
