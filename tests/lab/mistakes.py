"""
Settings of Postfix, rspamd and Dovecot as a table: mistakes, with where each is stopped, and valid
ones, which are never refused.

A row of `MISTAKES` is stopped by the settings, before the first connection, or by the host: by the
validation or the preflight of the new set, before the switch. With `accept` the operator may
mean it.
"""

from typing import Any, Literal, NamedTuple

Stage = Literal["settings", "host"]
Keys = dict[str, Any]
HASH = "$6$" + "a" * 8 + "$" + "b" * 86
ACCOUNTS: Keys = {"mail_accounts": {"postmaster@harbor.example": {"password": HASH}}}
# Set in place of these words: the addresses of the host.
IPV4, IPV6 = "IPV4", "IPV6"
# A table that an administrator has made there: `far.example slow:`.
ON_THE_HOST = "/etc/postfix/transport_of_mine"
CHECKS, NETWORKS = "/etc/postfix/checks_of_mine", "/etc/postfix/networks_of_mine"
OTHER_NAME = "/etc/postfix/other.pem"


class Mistake(NamedTuple):
    """Keys of a host, what they would do, the stage that stops them, and words of the refusal."""

    effect: str
    keys: Keys
    stage: Stage
    words: str
    accept: str = ""


def main(**parameters: str) -> Keys:
    """Return parameters of main.cf."""
    return {"mail_postfix_main": parameters}


def master(service: str, fields: str | None) -> Keys:
    """Return a line of master.cf."""
    return {"mail_postfix_master": {service: fields}}


def rspamd(file: str, **settings: Any) -> Keys:
    """Return settings of a file of rspamd."""
    return {"mail_rspamd": {file: settings}}


def dovecot(**settings: Any) -> Keys:
    """Return settings of Dovecot."""
    return {"mail_dovecot": settings}


GUARDED = "permit_mynetworks, {}, reject_unauth_destination"


def relay(restriction: str) -> Keys:
    """Return relay restrictions with another one before the guard."""
    return main(smtpd_relay_restrictions=GUARDED.format(restriction))


# The 27 that went live with status 0, as issue 12 lists them.
WENT_LIVE = (
    Mistake(
        "an open relay over IPv6",
        main(mynetworks="127.0.0.0/8, [::1]/128, [::]/0"),
        "settings",
        r"mynetworks: the host would relay for ::/0, which has [\d,]+ addresses",
    ),
    Mistake(
        "an open relay for half of the world",
        main(mynetworks="127.0.0.0/8, 0.0.0.0/1"),
        "settings",
        "relay for 0.0.0.0/1, which has 2,147,483,648 addresses",
    ),
    Mistake(
        "an open relay for an eighth of South America",
        main(mynetworks="127.0.0.0/8, 200.0.0.0/5"),
        "settings",
        "relay for 200.0.0.0/5, which has 134,217,728 addresses",
    ),
    Mistake(
        "an open relay for everybody who claims our domain",
        relay("check_sender_access inline:{harbor.example=OK}"),
        "settings",
        "relay by check_sender_access inline:{harbor.example=OK}, which every client can claim",
    ),
    Mistake(
        "an open relay for everybody who claims a known name",
        relay("check_helo_access inline:{mail.far.example=OK}"),
        "settings",
        "relay by check_helo_access inline:{mail.far.example=OK}",
    ),
    Mistake(
        "every account may forge the others",
        main(mua_sender_restrictions=""),
        "settings",
        "mua_sender_restrictions: the host would let every account send as any sender",
        "let every account send as any sender",
    ),
    Mistake(
        "no signatures",
        main(smtpd_milters="", non_smtpd_milters=""),
        "settings",
        "smtpd_milters: the host would send unsigned mail, if clients submit it",
        "send unsigned mail",
    ),
    Mistake(
        "local mail is answered 250 and destroyed",
        main(local_transport="discard:"),
        "settings",
        "discard mail by local_transport",
    ),
    Mistake(
        "every message is answered 250 and destroyed",
        main(body_checks="regexp:{{/./ DISCARD}}"),
        "settings",
        "discard mail by body_checks, after it was accepted",
        "discard mail by body_checks",
    ),
    Mistake(
        "no mail from outside comes in",
        main(inet_interfaces="loopback-only"),
        "settings",
        "inet_interfaces: the host would not listen on .*, which its records name",
        f"not listen on {IPV4}",
    ),
    Mistake(
        "senders that prefer IPv6 wait in vain",
        main(inet_protocols="ipv4"),
        "settings",
        "inet_protocols: the host would not listen on ",
        f"not listen on {IPV6}",
    ),
    Mistake(
        "all mail stays in the queue: a next hop that does not exist",
        main(relayhost="[smarthost.far.example]:587"),
        "host",
        r"relayhost is \[smarthost\.far\.example\]:587, which does not exist",
    ),
    Mistake(
        "all mail goes round",
        main(relayhost="[mx1.harbor.example]"),
        "settings",
        "send mail to itself by relayhost",
    ),
    Mistake(
        "mail for a domain stays in the queue: no such service",
        main(transport_maps="inline:{far.example=slow:}"),
        "settings",
        "keep mail for the transport slow in the queue, because master.cf has no such service",
    ),
    Mistake(
        "mail for most servers stays in the queue: certificates must have their name",
        main(smtp_tls_security_level="secure"),
        "settings",
        "send only to servers with a verified certificate",
        "send only to servers with a verified certificate",
    ),
    Mistake(
        "mail for most servers stays in the queue: certificates must be valid",
        main(smtp_tls_security_level="verify"),
        "settings",
        "send only to servers with a verified certificate",
        "send only to servers with a verified certificate",
    ),
    Mistake(
        "no MX is found",
        main(smtp_dns_support_level="disabled"),
        "settings",
        "smtp_dns_support_level: the host would find no mail server",
        "find no mail server",
    ),
    Mistake(
        "no account can send",
        main(smtpd_sender_login_maps=""),
        "settings",
        "refuse all mail of accounts",
    ),
    Mistake(
        "submitted mail gets 451: no cleanup service",
        master("submission-cleanup/unix", None),
        "settings",
        "submission-cleanup/unix: the host would refuse mail at submissions/inet",
    ),
    Mistake(
        "submitted mail gets 451: a table that is not there",
        master(
            "submission-cleanup/unix", "n - y - 0 cleanup -o header_checks=regexp:/etc/postfix/no"
        ),
        "host",
        "/etc/postfix/no",
    ),
    Mistake(
        "submitted mail gets 554: a line without permits",
        master("submission/inet", "n - y - - smtpd -o smtpd_sasl_auth_enable=yes"),
        "settings",
        "refuse mail of accounts at submission/inet; write permit_sasl_authenticated",
    ),
    Mistake(
        "senders hear of no failure",
        master("bounce/unix", None),
        "settings",
        "not report failures to senders; remove the None of bounce/unix",
    ),
    Mistake(
        "mail of cron stays in a folder",
        master("pickup/unix", None),
        "settings",
        "not take mail of its own programs",
    ),
    Mistake(
        "mail for the host's users stays in the queue",
        main(mail_spool_directory="/var/no/mail/"),
        "host",
        "/var/no/mail",
    ),
    Mistake(
        "mail of cron is from a domain of nobody",
        main(myorigin="nowhere.example"),
        "settings",
        "send mail of its users from nowhere.example",
        "send mail of its users from nowhere.example",
    ),
    Mistake(
        "senders that verify names keep their mail: a certificate of another name",
        main(smtpd_tls_chain_files="/etc/ssl/private/other.pem"),
        "host",
        "other.pem",
    ),
    Mistake(
        "greylisting makes mail bounce",
        main(maximal_queue_lifetime="0"),
        "settings",
        "bounce mail after 0, without another try",
    ),
)
# Others: doors.
DOORS = (
    Mistake(
        "an open relay",
        main(mynetworks="0.0.0.0/0"),
        "settings",
        "mynetworks: the host would relay for 0.0.0.0/0",
    ),
    Mistake(
        "an open relay: every IPv4 address, written in IPv6",
        main(mynetworks="127.0.0.0/8, [::ffff:0.0.0.0]/96"),
        "settings",
        "relay for 0.0.0.0/0, which has 4,294,967,296 addresses",
    ),
    Mistake(
        "an open relay by a table of networks",
        main(mynetworks="127.0.0.0/8, cidr:{{128.0.0.0/2 yes}}"),
        "settings",
        "relay for 128.0.0.0/2",
    ),
    Mistake(
        "an open relay by a table that knows everything",
        main(mynetworks="static:all"),
        "settings",
        "mynetworks: the host would relay for everybody",
    ),
    Mistake(
        "a relay for all customers of a provider",
        main(mynetworks="127.0.0.0/8, 198.18.0.0/15"),
        "settings",
        "relay for 198.18.0.0/15, which has 131,072 addresses",
        "relay for 198.18.0.0/15",
    ),
    Mistake(
        "a relay for all customers of a provider, over IPv6",
        main(mynetworks="127.0.0.0/8, [2001:db8::]/29"),
        "settings",
        "relay for 2001:d[0-9a-f]*::/29",
        "relay for 2001:db8::/29",
    ),
    Mistake(
        "a relay for very many networks",
        main(mynetworks=", ".join(f"20.{number}.0.0/16" for number in range(17))),
        "settings",
        "relay for 1,114,112 addresses",
        "relay for 1,114,112 addresses",
    ),
    Mistake(
        "an open relay: the guard is gone",
        main(smtpd_relay_restrictions="permit_mynetworks"),
        "settings",
        "relay for everybody, because no restriction ends it",
    ),
    Mistake(
        "an open relay: no restrictions",
        main(smtpd_relay_restrictions=""),
        "settings",
        "smtpd_relay_restrictions: the host would relay for everybody",
    ),
    Mistake(
        "an open relay: permit before the guard",
        relay("permit"),
        "settings",
        "relay for everybody, because of 'permit'",
    ),
    Mistake(
        "an open relay for everybody with any certificate",
        relay("permit_tls_all_clientcerts"),
        "settings",
        "relay for everybody, because of 'permit_tls_all_clientcerts'",
    ),
    Mistake(
        "an open relay for everybody whose own zone names the right host",
        relay("check_reverse_client_hostname_access inline:{mail.far.example=OK}"),
        "settings",
        "relay by check_reverse_client_hostname_access .*, which every client can claim",
    ),
    Mistake(
        "a relay for senders in a file that only the host has",
        relay("check_sender_access texthash:/etc/postfix/senders_we_trust"),
        "settings",
        "relay by check_sender_access texthash:/etc/postfix/senders_we_trust",
        "relay by check_sender_access texthash:/etc/postfix/senders_we_trust",
    ),
    Mistake(
        "an open relay by addresses",
        relay("check_client_access cidr:{{0.0.0.0/1 OK}}"),
        "settings",
        "relay for 0.0.0.0/1",
    ),
    Mistake(
        "an open relay at a second port",
        master("2525/inet", "n - y - - smtpd -o smtpd_relay_restrictions=permit"),
        "settings",
        "mail_postfix_master.2525/inet: the host would relay for everybody",
    ),
    Mistake(
        "an open relay: every domain is ours",
        main(relay_domains="static:all"),
        "settings",
        "relay_domains: the host would relay for everybody, because every domain is one of it",
    ),
    Mistake(
        "an open relay: every domain matches a pattern",
        main(relay_domains="regexp:{{/./ OK}}"),
        "settings",
        "relay_domains: the host would relay for everybody",
    ),
    Mistake(
        "a relay for routed recipients",
        main(allow_untrusted_routing="yes"),
        "settings",
        "relay for recipients like user%example.net@example.org",
        "relay for recipients like user%example.net@example.org",
    ),
    Mistake(
        "passwords can be guessed on port 25",
        main(smtpd_sasl_auth_enable="yes"),
        "settings",
        "offer logins on port 25",
    ),
    Mistake(
        "a login needs no password",
        main(smtpd_sasl_security_options=""),
        "settings",
        "smtpd_sasl_security_options: the host would relay for everybody; keep noanonymous",
    ),
    Mistake(
        "passwords go in cleartext at port 587",
        {
            **master(
                "submission/inet",
                "n - y - - smtpd -o smtpd_sasl_auth_enable=yes "
                "-o smtpd_relay_restrictions=$mua_relay_restrictions",
            ),
            **main(smtpd_tls_auth_only="no"),
        },
        "settings",
        "take passwords without TLS at submission/inet",
    ),
    Mistake(
        "no login at port 465",
        master("submissions/inet", "n - y - - smtpd -o smtpd_tls_wrappermode=yes"),
        "settings",
        "offer no login at submissions/inet",
    ),
    Mistake(
        "mail programs that speak TLS at once get a greeting in cleartext",
        master(
            "submissions/inet",
            "n - y - - smtpd -o smtpd_sasl_auth_enable=yes "
            "-o smtpd_relay_restrictions=$mua_relay_restrictions",
        ),
        "settings",
        "offer no TLS from the first octet at submissions/inet",
    ),
    Mistake(
        "smuggled messages come in",
        main(smtpd_forbid_bare_newline="no"),
        "settings",
        "accept smuggled messages, as in CVE-2023-51764",
        "accept smuggled messages",
    ),
    Mistake(
        "bounces go to forged senders: recipients are not checked",
        main(receive_override_options="no_unknown_recipient_checks"),
        "settings",
        "accept unknown recipients, and send bounces to forged senders",
    ),
    Mistake(
        "bounces go to forged senders: every local name is accepted",
        main(local_recipient_maps=""),
        "settings",
        "local_recipient_maps: the host would accept unknown recipients",
        "accept unknown recipients",
    ),
)
# Mail that is lost, stays, or is refused elsewhere.
LOSSES = (
    Mistake(
        "mail for everybody is destroyed",
        main(default_transport="discard:"),
        "settings",
        "discard mail by default_transport",
    ),
    Mistake(
        "the smtp client is replaced by the one that destroys",
        master("smtp/unix", "- - y - - discard"),
        "settings",
        "mail_postfix_master.smtp/unix: the host would discard mail by smtp/unix",
    ),
    Mistake(
        "mail for one domain is destroyed",
        main(transport_maps="inline:{far.example=discard:}"),
        "settings",
        "discard mail by transport_maps",
        "discard mail by transport_maps",
    ),
    Mistake(
        "mail with a word in its Subject is destroyed",
        main(header_checks="regexp:{{/^Subject:.*invoice/ DISCARD}}"),
        "settings",
        "discard mail by header_checks",
        "discard mail by header_checks",
    ),
    Mistake(
        "every header is a reason to destroy a message",
        main(header_checks="static:DISCARD"),
        "settings",
        "discard mail by header_checks",
        "discard mail by header_checks",
    ),
    Mistake(
        "all mail stays in the queue: a misspelt transport",
        main(default_transport="smpt"),
        "settings",
        "keep mail for the transport smpt in the queue",
    ),
    Mistake(
        "mail for users stays in the queue: no such transport",
        main(local_transport="dovecot:"),
        "settings",
        "keep mail for the transport dovecot in the queue",
    ),
    Mistake(
        "all mail waits until an administrator flushes the queue",
        main(defer_transports="smtp"),
        "settings",
        "keep all mail for smtp in the queue",
        "keep all mail for smtp in the queue",
    ),
    Mistake(
        "all mail stays in the queue: a name that can never exist (RFC 2606)",
        main(relayhost="[smarthost.invalid]:587"),
        "settings",
        r"keep mail for \[smarthost\.invalid\]:587 in the queue, because that name does not exist",
    ),
    Mistake(
        "all mail goes round: localhost",
        main(relayhost="[127.0.0.1]:25"),
        "settings",
        "send mail to itself by relayhost",
    ),
    Mistake(
        "all mail goes round: the MX of the domain is this host",
        main(relayhost="harbor.example"),
        "settings",
        "send mail to itself by relayhost",
    ),
    Mistake(
        "mail that could not be sent goes round",
        main(smtp_fallback_relay="[mx1.harbor.example]"),
        "settings",
        "send mail to itself by smtp_fallback_relay",
    ),
    Mistake(
        "mail to a filter comes back to the filter",
        main(content_filter="smtp:[127.0.0.1]:25"),
        "settings",
        "send mail to itself by content_filter",
    ),
    Mistake(
        "mail for one domain goes round",
        main(transport_maps="inline:{far.example=smtp:[127.0.0.1]}"),
        "settings",
        "send mail to itself by transport_maps",
    ),
    Mistake(
        "nothing is verified, and nothing is sent",
        main(smtp_tls_security_level="secure", smtp_tls_CAfile=""),
        "settings",
        "smtp_tls_CAfile: the host would send no mail",
    ),
    Mistake(
        "mail for most servers stays in the queue: they have no DANE",
        main(smtp_tls_security_level="dane-only"),
        "settings",
        "send only to servers with DANE",
        "send only to servers with DANE",
    ),
    Mistake(
        "mail goes to no server: no fingerprint is known",
        main(smtp_tls_security_level="fingerprint"),
        "settings",
        "send to no server, because no fingerprint is known",
    ),
    Mistake(
        "DANE has no effect",
        main(smtp_dns_support_level="enabled"),
        "settings",
        "send without DANE, because dane needs smtp_dns_support_level = dnssec",
    ),
    Mistake(
        "mail is sent in cleartext",
        main(smtp_tls_security_level="none"),
        "settings",
        "send all mail without TLS",
        "send all mail without TLS",
    ),
    Mistake(
        "bounces are dropped at the first failure",
        main(bounce_queue_lifetime="0"),
        "settings",
        "drop bounces after 0",
    ),
    Mistake(
        "mail bounces while a server restarts",
        main(maximal_queue_lifetime="10m"),
        "settings",
        "bounce mail after 10m",
        "bounce mail after 10m",
    ),
    Mistake(
        "mail leaves by an address that SPF does not name",
        main(smtp_bind_address="198.51.100.7"),
        "settings",
        "send from 198.51.100.7, which is not in mail_addresses",
        "send from 198.51.100.7",
    ),
    Mistake(
        "other servers refuse a HELO that has no records",
        main(myhostname="mail.nowhere.example"),
        "settings",
        "myhostname: the host would call itself mail.nowhere.example",
    ),
    Mistake(
        "every recipient's mail goes round: the host's name is not local",
        main(mydestination="localhost"),
        "settings",
        "deliver no mail to its users, because recipients lead to users at mx1.harbor.example",
    ),
    Mistake(
        "sendmail refuses everybody",
        main(authorized_submit_users="!root, static:all"),
        "settings",
        "refuse mail of its own programs",
        "refuse mail of its own programs",
    ),
    Mistake(
        "no signatures: milters are switched off",
        main(receive_override_options="no_milters"),
        "settings",
        "receive_override_options: the host would send unsigned mail",
        "send unsigned mail",
    ),
    Mistake(
        "no signatures under mail of one port",
        master(
            "submission/inet",
            "n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt "
            "-o smtpd_relay_restrictions=$mua_relay_restrictions -o smtpd_milters=",
        ),
        "settings",
        "submission/inet: the host would send unsigned mail, if it comes to submission/inet",
        "send unsigned mail",
    ),
    Mistake(
        "no signatures while rspamd restarts",
        main(milter_default_action="accept"),
        "settings",
        "send unsigned mail, whenever rspamd does not answer",
        "send unsigned mail",
    ),
    Mistake(
        "mail is refused for good while rspamd restarts",
        main(milter_default_action="reject"),
        "settings",
        "refuse mail for good, whenever rspamd does not answer",
        "refuse mail for good",
    ),
    Mistake(
        "bounces have no signature",
        main(internal_mail_filter_classes=""),
        "settings",
        "send unsigned bounces",
        "send unsigned bounces",
    ),
    *(
        Mistake(
            f"a service that mail needs is gone: {service}",
            master(service, None),
            "settings",
            f"mail_postfix_master.{service}: the host would not {purpose}",
        )
        for service, purpose in {
            "smtp/inet": "receive mail",
            "cleanup/unix": "accept messages",
            "qmgr/unix": "deliver mail",
            "rewrite/unix": "find the way of mail",
            "defer/unix": "report delays to senders",
            "trace/unix": "report deliveries to senders",
            "proxymap/unix": "read the list of its users",
            "smtp/unix": "send mail",
            "local/unix": "deliver mail to its users",
            "tlsmgr/unix": "use TLS",
            "error/unix": "report wrong recipients to senders",
            "retry/unix": "try mail again",
            "submission/inet": "take mail of accounts on port 587",
            "submissions/inet": "take mail of accounts on port 465",
        }.items()
    ),
    *(
        Mistake(
            f"postscreen without {service}",
            {**master(service, None), "mail_postscreen": True},
            "settings",
            f"{service}: the host would not {purpose}; remove the None of {service}",
        )
        for service, purpose in {
            "smtpd/pass": "receive mail from clients that passed postscreen",
            "dnsblog/unix": "ask the lists of mail_postscreen_dnsbl",
            "tlsproxy/unix": "use TLS with clients of postscreen",
        }.items()
    ),
)
# rspamd.
SIGNING, OPTIONS = "dkim_signing.conf", "options.inc"
OF_RSPAMD = (
    Mistake(
        "no signatures: the module is switched off",
        rspamd(SIGNING, enabled=False),
        "settings",
        "dkim_signing.conf.enabled: the host would send unsigned mail",
        "send unsigned mail",
    ),
    Mistake(
        "no signatures under mail of cron",
        rspamd(SIGNING, sign_local=False),
        "settings",
        "send unsigned mail, of the host's own programs and networks",
        "send unsigned mail",
    ),
    Mistake(
        "no signatures under submitted mail",
        rspamd(SIGNING, sign_authenticated=False),
        "settings",
        "send unsigned mail, of accounts",
        "send unsigned mail",
    ),
    Mistake(
        "forged mail from outside gets our signature",
        rspamd(SIGNING, sign_inbound=True),
        "settings",
        "sign mail of outside senders, forged mail among it",
    ),
    Mistake(
        "signatures are not aligned with From, and DMARC fails",
        rspamd(SIGNING, use_domain="envelope"),
        "settings",
        "sign by the envelope domain",
        "sign by the envelope domain",
    ),
    Mistake(
        "a domain has no keys",
        rspamd(SIGNING, domain={"harbor.example": {}}),
        "settings",
        "send unsigned mail, from harbor.example",
        "send unsigned mail",
    ),
    Mistake(
        "everybody's mail gets our signature",
        rspamd(OPTIONS, local_addrs=["0.0.0.0/0"]),
        "settings",
        "sign mail of 0.0.0.0/0",
    ),
    Mistake(
        "no signatures: the module is not loaded",
        rspamd(OPTIONS, filters=""),
        "settings",
        "options.inc.filters: the host would send unsigned mail",
        "send unsigned mail",
    ),
    Mistake(
        "no signatures when rspamd is slow",
        rspamd(OPTIONS, soft_reject_on_timeout=False),
        "settings",
        "send unsigned mail, when rspamd is slow",
        "send unsigned mail",
    ),
    Mistake(
        "Postfix finds no rspamd",
        rspamd("worker-proxy.inc", bind_socket="localhost:11332"),
        "settings",
        "worker-proxy.inc.bind_socket: the host would accept no mail",
    ),
    Mistake(
        "everybody may command rspamd",
        rspamd("worker-controller.inc", enabled=True, bind_socket="*:11334"),
        "settings",
        r"open rspamd's controller worker at \*:11334, for every host",
    ),
    Mistake(
        "everybody may let rspamd scan",
        rspamd("worker-normal.inc", enabled=True, bind_socket="*:11333"),
        "settings",
        r"open rspamd's normal worker at \*:11333",
        "open rspamd's normal worker at *:11333",
    ),
    Mistake(
        "every message is refused",
        rspamd("actions.conf", reject=0),
        "settings",
        "refuse all mail, because every score reaches 0",
    ),
    Mistake(
        "mail with a score is destroyed",
        rspamd("actions.conf", discard=10),
        "settings",
        "discard mail by rspamd, after it was accepted",
        "discard mail by rspamd",
    ),
    Mistake(
        "mail that a rule finds is destroyed",
        rspamd("force_actions.conf", rules={"VIRUS": {"action": "discard", "expression": "X"}}),
        "settings",
        "force_actions.conf.rules.VIRUS.action: the host would discard mail by rspamd",
        "discard mail by rspamd",
    ),
    Mistake(
        "submitted mail is only counted",
        rspamd("settings.conf", accounts={"apply": {"symbols_enabled": ["RATELIMIT_CHECK"]}}),
        "settings",
        "settings.conf.accounts: the host would send unsigned mail",
        "send unsigned mail",
    ),
    Mistake(
        "a misspelt setting of rspamd",
        rspamd(OPTIONS, task_timeot="9s"),
        "host",
        r"knows no setting mail_rspamd\['options.inc'\]\['task_timeot",
    ),
    Mistake(
        "a file that rspamd does not read",
        rspamd("optoins.inc", task_timeout="9s"),
        "host",
        "reads no file local.d/optoins.inc",
    ),
)
# Dovecot.
OF_DOVECOT = (
    Mistake(
        "everybody is logged in",
        dovecot(auth_mechanisms="plain login anonymous"),
        "settings",
        "auth_mechanisms: the host would relay for everybody, because a login needs no password",
    ),
    Mistake(
        "no mail program can log in",
        dovecot(auth_mechanisms="cram-md5"),
        "settings",
        "refuse logins of mail programs",
    ),
    Mistake(
        "every password is right",
        dovecot(passdb={"driver": "static", "args": "nopassword=y"}),
        "settings",
        "mail_dovecot.passdb: the host would relay for everybody, because every password is right",
    ),
    Mistake(
        "one password for all",
        dovecot(**{"passdb static": {"passdb_static_password": "x"}}),
        "settings",
        "accept one password for every login",
        "accept one password for every login",
    ),
    Mistake(
        "every login is unknown: its domain is cut off",
        dovecot(auth_username_format="%n"),
        "settings",
        "auth_username_format: the host would refuse every login",
    ),
    Mistake(
        "every login has a character that is not allowed",
        dovecot(auth_username_chars="abcdefghijklmnopqrstuvwxyz.-"),
        "settings",
        "auth_username_chars: the host would refuse every login",
    ),
    Mistake(
        "passwords stand in the log",
        dovecot(auth_verbose_passwords="plain"),
        "settings",
        "write passwords to the log",
        "write passwords to the log",
    ),
    Mistake(
        "everybody may ask Dovecot about logins",
        dovecot(**{"service auth": {"inet_listener": {"port": 12345}}}),
        "settings",
        "answer questions about logins at port 12345, from every host",
        "answer questions about logins at port 12345",
    ),
    Mistake(
        "passwords go in cleartext to IMAP",
        dovecot(protocols="imap", disable_plaintext_auth=False),
        "settings",
        "take passwords without TLS",
    ),
    Mistake(
        "a misspelt setting of Dovecot",
        dovecot(auth_nonsense="yes"),
        "host",
        "doveconf.*auth_nonsense",
    ),
    Mistake(
        "the login socket is gone",
        dovecot(**{"service auth": {"unix_listener /var/spool/postfix/private/auth": {"mode": 0}}}),
        "host",
        "private/auth",
    ),
)
# What only the host can find: its own tools, or a dialogue with the staged set.
ON_HOSTS = (
    Mistake(
        "a misspelt name", main(mynetwrks="127.0.0.0/8"), "host", "unused parameter: mynetwrks"
    ),
    Mistake("no number", main(message_size_limit="abc"), "host", "message_size_limit = abc"),
    Mistake("no boolean", main(smtpd_helo_required="maybe"), "host", "smtpd_helo_required = maybe"),
    Mistake("no time", main(queue_run_delay="5 fortnights"), "host", "queue_run_delay"),
    Mistake(
        "a comment behind a value",
        main(smtpd_helo_required="yes # so"),
        "host",
        "comment|yes # so",
    ),
    Mistake(
        "a table that is not there",
        main(transport_maps="lmdb:/etc/postfix/none"),
        "host",
        "/etc/postfix/none",
    ),
    Mistake(
        "mail for a domain stays in the queue: a table on the host leads to no service",
        main(transport_maps=f"texthash:{ON_THE_HOST}"),
        "host",
        "far.example in texthash:.* leads to the transport slow, which is no service of master.cf",
    ),
    Mistake(
        "every message is answered 250 and destroyed: a table on the host",
        main(body_checks=f"regexp:{CHECKS}"),
        "host",
        "local delivery: a message that was accepted is in no mailbox; .*body_checks",
    ),
    Mistake(
        "an open relay for an eighth of South America: a table on the host",
        main(mynetworks=f"127.0.0.0/8, cidr:{NETWORKS}"),
        "host",
        "relay for 200.0.128.1: .*outside senders could relay through it; check mynetworks",
    ),
    Mistake(
        "an open relay over IPv6: a table on the host",
        main(mynetworks=f"127.0.0.0/8, !200.0.0.0/5, cidr:{NETWORKS}"),
        "host",
        "relay for 2a00::1: ",
    ),
    Mistake(
        "an open relay behind postscreen, which tells new clients to come back",
        {
            **main(
                smtpd_relay_restrictions=GUARDED.format(f"check_client_access cidr:{NETWORKS}"),
                postscreen_bare_newline_enable="yes",
            ),
            "mail_postscreen": True,
        },
        "host",
        "relay for 200.0.128.1: .*outside senders could relay through it",
    ),
    Mistake(
        "senders that verify names keep their mail: the file is there, for another name",
        main(smtpd_tls_chain_files=OTHER_NAME),
        "host",
        "starttls: the certificate in .*other.pem is not for mx.*; check",
    ),
    Mistake(
        "a table that only senders use",
        main(smtp_tls_policy_maps="lmdb:/etc/none"),
        "host",
        "/etc/none",
    ),
    Mistake(
        "a type of table that is not there",
        main(virtual_alias_maps="magic:/etc/x"),
        "host",
        "magic",
    ),
    Mistake(
        "a misspelt restriction",
        main(smtpd_recipient_restrictions="permit_mynetworks, reject_unauth_destinatoin"),
        "host",
        'unknown smtpd restriction: "reject_unauth_destinatoin"',
    ),
    Mistake(
        "a TLS level of no kind",
        main(smtpd_tls_security_level="mayy"),
        "host",
        'Invalid TLS level "mayy"',
    ),
    Mistake(
        "a TLS version of no kind",
        main(smtpd_tls_protocols=">=TLSv9"),
        "host",
        "TLSv9",
    ),
    Mistake(
        "a certificate that is not there",
        main(smtpd_tls_chain_files="/etc/none.pem"),
        "host",
        "/etc/none.pem",
    ),
    Mistake(
        "an address of another host",
        main(inet_interfaces="127.0.0.1, 203.0.113.99"),
        "settings",
        "inet_interfaces: the host would not listen on ",
    ),
    Mistake(
        "a domain is forgotten",
        main(virtual_alias_domains=""),
        "host",
        "unknown recipient|postmaster",
    ),
    Mistake(
        "a mailbox that is smaller than a message",
        main(mailbox_size_limit="1000"),
        "host",
        "mailbox_size_limit",
    ),
    Mistake(
        "a milter that is not there",
        {
            **main(smtpd_milters="unix:/none"),
            "mail_accept": ["send unsigned mail"],
        },
        "host",
        "Milter service unix:/none",
    ),
    Mistake(
        "a filter that is not there",
        main(content_filter="none:[127.0.0.1]:9"),
        "settings",
        "keep mail for the transport none in the queue",
    ),
    Mistake("a user that is not there", main(mail_owner="nobody-at-all"), "host", "nobody-at-all"),
    Mistake(
        "every client is refused",
        main(smtpd_client_restrictions="reject"),
        "host",
        "554|Access denied",
    ),
    Mistake(
        "senders without TLS are refused (RFC 3207 section 4)",
        main(smtpd_tls_security_level="encrypt"),
        "host",
        "530|STARTTLS",
    ),
    Mistake(
        "no TLS for senders",
        main(smtpd_tls_security_level="none"),
        "host",
        "starttls|STARTTLS",
    ),
    Mistake(
        "failures are answered as if they passed",
        main(soft_bounce="yes"),
        "host",
        "unknown recipient",
    ),
    Mistake(
        "all clients must send a PROXY header",
        main(smtpd_upstream_proxy_protocol="haproxy"),
        "host",
        "does not answer|starttls|haproxy",
    ),
    Mistake(
        "Postfix does not start: a word that stands alone",
        main(inet_interfaces=f"{IPV4}, {IPV6}, loopback-only"),
        "host",
        "inet_interfaces: host not found: loopback-only",
    ),
    Mistake(
        "a service with too many processes",
        master("verify/unix", "- - y - 2 verify"),
        "settings",
        "not start verify/unix, because verify needs a process limit of 1; write 1 in place of 2",
    ),
    Mistake("a field too few", master("smtp/inet", "n - y - smtpd"), "host", "bad field count"),
    Mistake(
        "a program that is not there",
        master("smtp/inet", "n - y - - smtpdd"),
        "host",
        "smtpdd, which does not exist",
    ),
    Mistake(
        "an option that the program lacks",
        master("smtp/inet", "n - y - - smtpd -Q"),
        "host",
        "invalid option",
    ),
    Mistake(
        "an unknown parameter of one service",
        master("2525/inet", "n - y - - smtpd -o smtpd_nonsense=yes"),
        "host",
        "unused parameter: smtpd_nonsense",
    ),
    Mistake(
        "a pipe to nothing",
        master("policy/unix", "- n n - 0 spawn user=nobody argv=/opt/none"),
        "host",
        "/opt/none, which does not exist",
    ),
)
# Dovecot of a host with mailboxes.
BOX: Keys = {
    "mail_mailboxes": {"anna@harbor.example": {"password": HASH, "quota": "1M", "sieve": "keep;"}}
}


def box(**settings: Any) -> Keys:
    """Return settings of Dovecot on a host with a mailbox."""
    return {**BOX, **dovecot(**settings)}


OF_MAILBOXES = (
    Mistake(
        "users reach no mailbox: only the host itself does",
        box(listen="127.0.0.1, ::1"),
        "settings",
        "mail_dovecot.listen: the host would not offer mailboxes at .*, which its records name",
        f"not offer mailboxes at {IPV4}",
    ),
    Mistake(
        "users with IPv6 reach no mailbox",
        box(listen="*"),
        "settings",
        "not offer mailboxes at ",
        f"not offer mailboxes at {IPV6}",
    ),
    Mistake(
        "everybody may put mail into mailboxes, past Postfix",
        box(**{"service lmtp": {"inet_listener lmtp": {"port": 24}}}),
        "settings",
        "take mail for mailboxes without a check at port 24, from every host",
        "take mail for mailboxes without a check at port 24",
    ),
    Mistake(
        "everybody may try to command Dovecot",
        box(**{"service doveadm": {"inet_listener doveadm": {"port": 12345}}}),
        "settings",
        "take commands for mailboxes at port 12345",
        "take commands for mailboxes at port 12345",
    ),
    Mistake(
        "guesses of passwords have any address",
        box(login_trusted_networks="0.0.0.0/0"),
        "settings",
        "login_trusted_networks: the host would trust clients of 0.0.0.0/0",
    ),
    Mistake(
        "passwords go in cleartext to port 143",
        {**box(ssl="yes", disable_plaintext_auth=False), "mail_imap_starttls": True},
        "settings",
        "disable_plaintext_auth: the host would take passwords without TLS",
    ),
    Mistake(
        "passwords go in cleartext to port 143, in the words of 2.4",
        {**box(ssl="yes", auth_allow_cleartext=True), "mail_imap_starttls": True},
        "settings",
        "auth_allow_cleartext: the host would take passwords without TLS",
    ),
    Mistake(
        "mail that was accepted is returned, to forged senders too",
        box(quota_full_tempfail=False),
        "settings",
        "bounce mail that it has accepted, if a mailbox or a disk is full",
        "bounce mail that it has accepted",
    ),
    Mistake(
        "all mailboxes are empty: another format",
        box(mail_location="mbox:~/mail"),
        "settings",
        "mail_location: the host would keep mail at another place, where old messages are not seen",
        "keep mail at another place",
    ),
    Mistake(
        "all mailboxes are empty: another directory",
        box(mail_path="~/mail"),
        "settings",
        "mail_path: the host would keep mail at another place",
        "keep mail at another place",
    ),
    Mistake(
        "all mailboxes are empty: another home",
        box(mail_home="/srv/mail/%n"),
        "settings",
        "mail_home: the host would keep mail at another place",
        "keep mail at another place",
    ),
    Mistake(
        "mailboxes without limit: the plugin is gone",
        box(mail_plugins="zlib"),
        "settings",
        "mail_dovecot.mail_plugins: the host would not apply quotas; add quota to it",
        "not apply quotas",
    ),
    Mistake(
        "no rule is applied: the plugin is gone",
        box(**{"protocol lmtp": {"mail_plugins": "$mail_plugins acl"}}),
        "settings",
        "protocol lmtp.mail_plugins: the host would not apply rules of sieve",
        "not apply rules of sieve",
    ),
    Mistake(
        "mail for mailboxes stays in the queue: no client that delivers it",
        {**BOX, **master("lmtp/unix", None)},
        "settings",
        "lmtp/unix: the host would not deliver mail to mailboxes; remove the None of lmtp/unix",
    ),
)
MISTAKES = (*WENT_LIVE, *DOORS, *LOSSES, *OF_RSPAMD, *OF_DOVECOT, *OF_MAILBOXES, *ON_HOSTS)
# A null client, mail of which goes to one server.
OF_CLIENTS = (
    Mistake(
        "an open relay with our password",
        main(mynetworks="127.0.0.0/8, 0.0.0.0/1", inet_interfaces="all"),
        "settings",
        "relay for 0.0.0.0/1",
    ),
    Mistake(
        "others on the network may use it",
        main(inet_interfaces="all"),
        "settings",
        "inet_interfaces: the host would listen for other hosts; write loopback-only",
        "listen for other hosts",
    ),
    Mistake(
        "the guard is gone",
        main(smtpd_relay_restrictions="permit"),
        "settings",
        "relay for everybody",
    ),
    Mistake(
        "mail goes by MX records, which refuse a host without records",
        main(relayhost=""),
        "settings",
        "relayhost: the host would send mail to every server by itself",
    ),
    Mistake(
        "mail goes round",
        main(relayhost="[127.0.0.1]"),
        "settings",
        "send mail to itself by relayhost",
    ),
    Mistake(
        "mail goes round: its own name",
        main(relayhost="[app.harbor.example]:25"),
        "settings",
        "send mail to itself by relayhost",
    ),
    Mistake(
        "mail waits for a name that cannot exist",
        main(relayhost="[relay.invalid]:465"),
        "settings",
        r"keep mail for \[relay.invalid\]:465 in the queue",
    ),
    Mistake(
        "the password goes to any server",
        main(smtp_tls_security_level="may"),
        "settings",
        "send its password to any server, because may verifies none",
    ),
    Mistake(
        "the password goes to a server with any certificate",
        main(smtp_tls_security_level="encrypt"),
        "settings",
        "send its password to any server, because encrypt verifies none",
        "send its password to any server",
    ),
    Mistake(
        "no certificate can be verified",
        main(smtp_tls_CAfile=""),
        "settings",
        "send no mail, because it could verify no certificate",
    ),
    Mistake(
        "STARTTLS is spoken to a port without it",
        main(smtp_tls_wrappermode="no"),
        "settings",
        "keep all mail in the queue, because port 465 speaks TLS at once",
    ),
    Mistake(
        "no login, and the server refuses",
        main(smtp_sasl_auth_enable="no"),
        "settings",
        "not log in, and the server would refuse its mail",
    ),
    Mistake(
        "no password, and the server refuses",
        main(smtp_sasl_password_maps=""),
        "settings",
        "smtp_sasl_password_maps: the host would send no password",
    ),
    Mistake(
        "the server refuses senders that the login may not use",
        main(sender_canonical_maps=""),
        "settings",
        "use senders that its login may not use",
    ),
    Mistake(
        "mail for root bounces",
        main(recipient_canonical_maps=""),
        "settings",
        "bounce mail for its users",
    ),
    Mistake(
        "mail for its users is for mailboxes that it has not",
        main(mydestination="$myhostname"),
        "settings",
        "bounce mail of its users, because a null client has no mailboxes",
    ),
    Mistake(
        "mail is destroyed",
        main(default_transport="discard:"),
        "settings",
        "discard mail by default_transport",
    ),
    Mistake(
        "no DNS",
        main(smtp_dns_support_level="disabled"),
        "settings",
        "find no mail server",
    ),
    Mistake(
        "mail bounces while the server restarts",
        main(maximal_queue_lifetime="0"),
        "settings",
        "bounce mail after 0, without another try",
    ),
    Mistake(
        "cron's mail stays in a folder",
        master("pickup/unix", None),
        "settings",
        "not take mail of its own programs",
    ),
    Mistake(
        "nobody hears of failures",
        master("bounce/unix", None),
        "settings",
        "not report failures to senders",
    ),
    Mistake(
        "there is no client that sends",
        master("smtp/unix", None),
        "settings",
        "not send mail; remove the None of smtp/unix",
    ),
)
VALID_OF_CLIENTS: tuple[Keys, ...] = (
    {},
    main(relayhost="[192.0.2.25]:465"),
    main(relayhost="[192.0.2.25]:587", smtp_tls_wrappermode="no"),
    main(maximal_backoff_time="30m"),
    main(mynetworks="127.0.0.0/8, [::1]/128, 172.17.0.0/16"),
    main(inet_protocols="ipv4"),
    main(smtp_tls_security_level="verify"),
    main(smtp_tls_loglevel="1"),
    main(message_size_limit="5000000"),
    main(mydestination="", smtp_helo_name="app.harbor.example"),
    master("flush/unix", None),
    master("postlog/unix-dgram", None),
    master("scache/unix", None),
)
# Valid settings, of which none is refused, neither by the settings nor by a host.
VALID: tuple[Keys, ...] = (
    {},
    main(inet_interfaces=f"127.0.0.1, {IPV4}, {IPV6}"),
    main(inet_interfaces=f"[{IPV6}], {IPV4}, localhost"),
    main(inet_interfaces="all"),
    main(smtpd_relay_restrictions="permit_mynetworks, defer_unauth_destination"),
    main(
        smtpd_relay_restrictions="permit_mynetworks, permit_sasl_authenticated, "
        "defer_unauth_destination"
    ),
    main(
        smtpd_relay_restrictions="permit_mynetworks, reject_unauth_destination, "
        "check_sender_access inline:{far.example=OK}"
    ),
    relay("check_client_access cidr:{{198.51.100.7 OK}}"),
    relay("check_sender_access inline:{far.example=REJECT}"),
    relay("reject_non_fqdn_recipient"),
    main(mynetworks="127.0.0.0/8, [::1]/128, 10.0.0.0/8"),
    main(mynetworks="127.0.0.0/8, [::1]/128, 203.0.113.0/24, [2001:db8:25::]/48"),
    main(mynetworks="127.0.0.0/8, [::1]/128, 192.0.2.0/24, 198.51.100.7"),
    main(mynetworks="127.0.0.0/8, [::1]/128, !10.1.0.0/16, 10.0.0.0/8"),
    {"mail_networks": ["192.168.0.0/16", "fd00::/8"]},
    main(smtpd_recipient_restrictions="reject_unknown_sender_domain, reject_unlisted_recipient"),
    main(smtpd_recipient_restrictions="check_sender_access inline:{far.example=OK}"),
    main(smtpd_helo_restrictions="permit_mynetworks, reject_invalid_helo_hostname"),
    main(smtpd_client_restrictions="permit_mynetworks, reject_rbl_client zen.spamhaus.org"),
    main(smtpd_client_connection_count_limit="40"),
    main(smtpd_client_message_rate_limit="100"),
    main(smtpd_error_sleep_time="2s", smtpd_hard_error_limit="10"),
    main(smtpd_recipient_limit="500"),
    main(message_size_limit="52428800"),
    main(maximal_queue_lifetime="7d", bounce_queue_lifetime="2d"),
    main(queue_run_delay="5m", minimal_backoff_time="5m", maximal_backoff_time="1h"),
    main(recipient_delimiter="+-"),
    main(smtp_destination_concurrency_limit="5", default_process_limit="120"),
    main(smtp_tls_security_level="may"),
    main(smtp_tls_security_level="encrypt"),
    main(smtp_tls_security_level="secure", relayhost="[192.0.2.25]:587"),
    main(relayhost="[127.0.0.1]:10587"),
    main(smtpd_tls_loglevel="2"),
    main(smtp_address_preference="ipv4"),
    main(inet_protocols="ipv4, ipv6"),
    main(myorigin="$mydomain"),
    main(myorigin="harbor.example"),
    main(relay_domains="customer.example"),
    main(transport_maps="inline:{customer.example=smtp:[198.51.100.9]}"),
    main(always_bcc="postmaster@harbor.example"),
    main(header_checks="regexp:{{/^X-Spam: yes/ REJECT}}"),
    main(body_checks="regexp:{{/^.*EICAR-STANDARD/ REJECT}}"),
    main(smtputf8_enable="no"),
    main(strict_rfc821_envelopes="yes"),
    main(notify_classes="resource, software, bounce"),
    main(milter_default_action="quarantine"),
    master("bulk/unix", "- - y - 20 smtp -o syslog_name=postfix/bulk"),
    master("smtp/inet", "n - y - 90 smtpd"),
    master("flush/unix", "n - y 1000? 0 flush"),
    master("virtual/unix", None),
    master("lmtp/unix", None),
    master("anvil/unix", "- - y - 1 anvil -v"),
    master("qmgr/unix", "n - n 60 1 qmgr"),
    master("127.0.0.1:10025/inet", "n - y - - smtpd -o smtpd_milters=unix:rspamd/milter.sock"),
    rspamd(OPTIONS, task_timeout="12s"),
    rspamd("worker-proxy.inc", count=2),
    rspamd("actions.conf", reject=15),
    rspamd(SIGNING, sign_headers="from:subject:date"),
    rspamd("worker-controller.inc", enabled=True, bind_socket="127.0.0.1:11334"),
    dovecot(auth_failure_delay="3s"),
    dovecot(auth_cache_size="1M"),
    dovecot(**{"service auth": {"client_limit": 5000}}),
    dovecot(auth_mechanisms="plain login scram-sha-256"),
    {"mail_queue_days": 2, "mail_delay_warning": 0, "mail_message_size_limit": "50M"},
    {"mail_tls_profile": "interoperable"},
    {"mail_postscreen": True, "mail_postscreen_dnsbl": ["bl.example.org*2"]},
    # What the operator means is not refused by the preflight either.
    {**main(body_checks="regexp:{{/./ DISCARD}}"), "mail_accept": ["discard mail by body_checks"]},
    {**main(smtpd_milters="", non_smtpd_milters=""), "mail_accept": ["send unsigned mail"]},
    {**main(inet_protocols="ipv4"), "mail_accept": [f"not listen on {IPV6}"]},
    {
        **main(mua_sender_restrictions=""),
        "mail_accept": ["let every account send as any sender"],
    },
    {
        **main(myorigin="nowhere.example"),
        "mail_accept": ["send mail of its users from nowhere.example"],
    },
    {
        **main(notify_classes=""),
        **master("bounce/unix", "- - y - 0 bounce -v"),
        "mail_accept": ["preflight: bounce"],
    },
)
VALID_OF_MAILBOXES: tuple[Keys, ...] = (
    BOX,
    {**BOX, "mail_imap_starttls": True, "mail_pop3": True, "mail_managesieve": True},
    box(listen="*, ::"),
    box(mail_max_userip_connections=20),
    box(imap_idle_notify_interval="29 mins"),
    box(lmtp_save_to_detail_mailbox=True),
    box(postmaster_address="postmaster@harbor.example"),
    box(recipient_delimiter="+-"),
    box(login_trusted_networks="192.168.0.0/16"),
    box(**{"protocol imap": {"mail_max_userip_connections": 30}}),
    box(**{"namespace inbox": {"mailbox Archive": {"special_use": "\\Archive", "auto": "create"}}}),
    box(**{"service imap-login": {"inet_listener imap": {"port": 143}}}),
    box(**{"service lmtp": {"process_limit": 20}}),
    {**box(mail_home="/var/vmail/%n"), "mail_accept": ["keep mail at another place"]},
)
