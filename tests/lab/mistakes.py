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
    dovecot: str = ""  # the release that knows the words; "" for both


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
        "mail that is refused is answered 250 and destroyed",
        rspamd("worker-proxy.inc", discard_on_reject=True),
        "settings",
        "worker-proxy.inc.discard_on_reject: the host would discard mail by rspamd",
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
    "mail_mailboxes": {
        "anna@harbor.example": {"password": HASH, "quota": "1M", "sieve": "keep;"},
        "bert@harbor.example": {"password": HASH},
        "carol@harbor.example": {"password": HASH},
    }
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
    Mistake(
        "mail for mailboxes is answered 250 and destroyed",
        {**BOX, **master("lmtp/unix", "- - y - - discard")},
        "settings",
        "lmtp/unix: the host would discard mail by lmtp/unix",
    ),
    Mistake(
        "mail for mailboxes goes past Dovecot",
        {**BOX, **main(virtual_transport="virtual")},
        "settings",
        "virtual_transport: the host would deliver mail of mailboxes by virtual, and not to",
        "deliver mail of mailboxes by virtual",
    ),
    Mistake(
        "mail is lost with the power",
        box(mail_fsync="never"),
        "settings",
        "mail_fsync: the host would lose mail that it has accepted, if the machine stops",
        "lose mail that it has accepted",
    ),
    Mistake(
        "mail is lost with the power, for new messages alone",
        box(**{"protocol lmtp": {"mail_fsync": "never"}}),
        "settings",
        "protocol lmtp.mail_fsync: the host would lose mail that it has accepted",
        "lose mail that it has accepted",
    ),
    Mistake(
        "users read the mail of each other: every file is a folder",
        box(mail_full_filesystem_access=True),
        "settings",
        "mail_full_filesystem_access: the host would let every user read the mail of others",
    ),
    Mistake(
        "one password opens all mailboxes",
        box(passdb={"driver": "passwd-file", "args": "/etc/dovecot/masters", "master": True}),
        "settings",
        "mail_dovecot.passdb: the host would let one login open every mailbox; remove master",
        "let one login open every mailbox",
    ),
    Mistake(
        "every user of the host reads all mail",
        box(**{"service doveadm": {"unix_listener doveadm-server": {"mode": "0666"}}}),
        "settings",
        "take commands for mailboxes from each of its users",
        "take commands for mailboxes from each of its users",
    ),
    Mistake(
        "the rules of the inventory are not applied",
        box(plugin={"sieve_default": "/etc/dovecot/default.sieve"}),
        "settings",
        "plugin.sieve_default: the host would not apply the rules of mail_mailboxes",
        "not apply the rules of mail_mailboxes",
    ),
    Mistake(
        "the rules of the inventory are not applied, in the words of 2.4",
        box(**{"sieve_script inventory": {"path": "/etc/dovecot/default.sieve"}}),
        "settings",
        "sieve_script inventory: the host would not apply the rules of mail_mailboxes",
        "not apply the rules of mail_mailboxes",
    ),
    Mistake(
        "spam stays among the mail",
        box(plugin={"sieve_before": "/etc/dovecot/before.sieve"}),
        "settings",
        "plugin.sieve_before: the host would not file spam into Junk",
        "not file spam into Junk",
    ),
    Mistake(
        "spam stays among the mail: its mark has another name",
        {**BOX, **rspamd("worker-proxy.inc", spam_header="X-Junk")},
        "settings",
        "worker-proxy.inc.spam_header: the host would not file spam into Junk",
        "not file spam into Junk",
    ),
    Mistake(
        "what rules forward is destroyed",
        box(sendmail_path="/bin/true"),
        "settings",
        "sendmail_path: the host would send mail of rules by /bin/true, and not by Postfix",
        "send mail of rules by /bin/true",
    ),
    Mistake(
        "mailboxes without limit: the plugin is switched off, in the words of 2.4",
        box(mail_plugins={"quota": False}),
        "settings",
        "mail_dovecot.mail_plugins: the host would not apply quotas; add quota to it",
        "not apply quotas",
    ),
    Mistake(
        "no rule is applied: the plugin is switched off, in the words of 2.4",
        box(**{"protocol lmtp": {"mail_plugins": {"sieve": False}}}),
        "settings",
        "protocol lmtp.mail_plugins: the host would not apply rules of sieve",
        "not apply rules of sieve",
    ),
    Mistake(
        "mailboxes without limit: nothing is counted",
        box(plugin={"quota": ""}),
        "settings",
        "plugin.quota: the host would not apply quotas; remove it",
        "not apply quotas",
    ),
    Mistake(
        "mailboxes without limit, in the words of 2.4",
        box(quota_enforce=False),
        "settings",
        "quota_enforce: the host would not apply quotas; remove it",
        "not apply quotas",
    ),
    Mistake(
        "large mail is accepted and then returned",
        box(plugin={"quota_max_mail_size": "1M"}),
        "settings",
        "quota_max_mail_size: the host would bounce mail that it has accepted, if it is larger",
        "bounce mail that it has accepted",
    ),
    Mistake(
        "mail for a full mailbox is accepted and then returned",
        box(quota_status_overquota="DUNNO"),
        "settings",
        "quota_status_overquota: the host would accept mail for full mailboxes",
        "accept mail for full mailboxes",
    ),
    Mistake(
        "mail for a full mailbox is accepted and then returned: nobody asks",
        {**BOX, **main(smtpd_recipient_restrictions="reject_unlisted_recipient")},
        "settings",
        "smtpd_recipient_restrictions: the host would accept mail for full mailboxes",
        "accept mail for full mailboxes",
    ),
    Mistake(
        "passwords are guessed without end: fail2ban sees no log",
        box(log_path="/var/log/dovecot.log"),
        "settings",
        "log_path: the host would not ban addresses that guess passwords",
        "not ban addresses that guess passwords",
    ),
    Mistake(
        "passwords are guessed without end: the log names no address",
        box(login_log_format_elements="user=<%u> method=%m"),
        "settings",
        "login_log_format_elements: the host would not ban addresses",
        "not ban addresses that guess passwords",
    ),
)
LISTENER = "unix_listener /var/spool/postfix/private/dovecot-lmtp"
STATIC = "allow_all_users=yes uid=vmail gid=vmail home=/var/vmail/all"
ELSEWHERE = ["keep mail at another place"]
# Dovecot of a host with mailboxes, as only the host can find it: each in the words of a release, or
# of both.
MAILBOXES_ON_HOSTS = (
    Mistake(
        "mail for mailboxes stays in the queue: Dovecot takes none",
        box(protocols="imap"),
        "host",
        "dovecot-lmtp",
    ),
    Mistake("users reach no mailbox: no IMAP", box(protocols="lmtp"), "host", "imaps: "),
    Mistake(
        "users reach no mailbox: the port is closed",
        box(**{"service imap-login": {"inet_listener imaps": {"port": 0}}}),
        "host",
        "imaps: ",
    ),
    Mistake(
        "users reach no mailbox: no TLS at the port",
        box(**{"service imap-login": {"inet_listener imaps": {"ssl": False}}}),
        "host",
        "imaps: ",
    ),
    Mistake("users reach no mailbox: no TLS at all", box(ssl="no"), "host", "imaps: "),
    Mistake(
        "users reach no mailbox: ciphers of no kind",
        box(ssl_cipher_list="NONSENSE"),
        "host",
        "imaps: ",
    ),
    Mistake(
        "mail programs refuse the certificate: another name",
        box(ssl_cert=f"<{OTHER_NAME}", ssl_key=f"<{OTHER_NAME}"),
        "host",
        "imaps: the server sent another certificate",
        dovecot="2.3",
    ),
    Mistake(
        "mail programs refuse the certificate: another name, in the words of 2.4",
        box(ssl_server_cert_file=OTHER_NAME, ssl_server_key_file=OTHER_NAME),
        "host",
        "imaps: the server sent another certificate",
        dovecot="2.4",
    ),
    Mistake(
        "a certificate of mailboxes that is not there",
        box(ssl_cert="</etc/none.pem"),
        "host",
        "/etc/none.pem",
        dovecot="2.3",
    ),
    Mistake(
        "a certificate of mailboxes that is not there, in the words of 2.4",
        box(ssl_server_cert_file="/etc/none.pem"),
        "host",
        "/etc/none.pem",
        dovecot="2.4",
    ),
    Mistake(
        "nobody can log in: certificates of users are asked for",
        box(auth_ssl_require_client_cert=True),
        "host",
        "login of a mailbox: |auth_ssl_require_client_cert",
    ),
    Mistake(
        "nobody can log in: another name is looked up",
        box(auth_username_translation="@_"),
        "host",
        "lmtp: |login of a mailbox: ",
    ),
    Mistake(
        "nobody can log in: the number of the owner is too small",
        box(first_valid_uid=1000),
        "host",
        "lmtp: |login of a mailbox: ",
    ),
    Mistake(
        "nobody can log in: mail belongs to root",
        box(mail_uid="root", mail_gid="root"),
        "host",
        "lmtp: |login of a mailbox: ",
    ),
    Mistake(
        "nobody can read: mail belongs to another user",
        box(mail_uid="nobody", mail_gid="nogroup"),
        "host",
        "login of a mailbox: ",
    ),
    Mistake(
        "nobody can log in: mail belongs to a user who is not there",
        box(mail_uid="nobody-at-all"),
        "host",
        "nobody-at-all|lmtp: |login of a mailbox: ",
    ),
    Mistake(
        "nobody can log in: no folder is the inbox",
        box(**{"namespace inbox": {"inbox": False}}),
        "host",
        "login of a mailbox: |inbox",
    ),
    Mistake(
        "nobody can log in: a list that is not there",
        box(**{"passdb mailboxes": {"passwd_file_path": "/etc/dovecot/none"}}),
        "host",
        "login of a mailbox: |/etc/dovecot/none",
        dovecot="2.4",
    ),
    Mistake(
        "Dovecot does not start: a user who is not there",
        box(default_login_user="nobody-at-all"),
        "host",
        "nobody-at-all",
    ),
    Mistake(
        "a word of 2.4 in 2.3",
        box(auth_allow_cleartext=False),
        "host",
        "auth_allow_cleartext",
        dovecot="2.3",
    ),
    Mistake(
        "a word of 2.3 in 2.4",
        box(disable_plaintext_auth=True),
        "host",
        "disable_plaintext_auth",
        dovecot="2.4",
    ),
    Mistake(
        "users do not see new mail: it is read at another place",
        box(**{"protocol imap": {"mail_location": "maildir:~/Other"}}),
        "host",
        "mail of a mailbox: ",
        dovecot="2.3",
    ),
    Mistake(
        "users do not see new mail: it is read at another place, in the words of 2.4",
        box(**{"protocol imap": {"mail_path": "~/Other"}}),
        "host",
        "mail of a mailbox: ",
        dovecot="2.4",
    ),
    Mistake(
        "users do not see new mail: it is delivered to another place",
        box(**{"protocol lmtp": {"mail_location": "maildir:~/Other"}}),
        "host",
        "mail of a mailbox: ",
        dovecot="2.3",
    ),
    Mistake(
        "users do not see new mail: it is delivered to another place, in the words of 2.4",
        box(**{"protocol lmtp": {"mail_path": "~/Other"}}),
        "host",
        "mail of a mailbox: ",
        dovecot="2.4",
    ),
    Mistake(
        "all users have the same mailbox",
        {**box(mail_home="/var/vmail/all"), "mail_accept": ELSEWHERE},
        "host",
        "mail of another mailbox: ",
    ),
    Mistake(
        "mail for every address is taken into one mailbox",
        box(userdb={"driver": "static", "args": STATIC}),
        "host",
        "lmtp: 'RCPT TO:<nobody-",
        dovecot="2.3",
    ),
    Mistake(
        "mail for every address is taken into one mailbox, in the words of 2.4",
        box(
            **{
                "userdb all": {
                    "driver": "static",
                    "userdb_static_allow_all_users": True,
                    "fields": {"uid": "vmail", "gid": "vmail", "home": "/var/vmail/all"},
                }
            }
        ),
        "host",
        "lmtp: 'RCPT TO:<nobody-",
        dovecot="2.4",
    ),
    Mistake(
        "mail for mailboxes stays in the queue: they are unknown",
        box(**{"userdb mailboxes": {"passwd_file_path": "/etc/dovecot/none"}}),
        "host",
        "lmtp: |/etc/dovecot/none",
        dovecot="2.4",
    ),
    Mistake(
        "mail for mailboxes stays in the queue: no socket",
        box(**{"service lmtp": {LISTENER: {"mode": 0}}}),
        "host",
        "dovecot-lmtp",
    ),
    Mistake(
        "mail for mailboxes stays in the queue: the socket is not for Postfix",
        box(**{"service lmtp": {LISTENER: {"user": "root", "group": "root"}}}),
        "host",
        "mailbox: a message that was accepted is in no mailbox",
    ),
    Mistake(
        "mail for mailboxes bounces",
        {**BOX, **master("lmtp/unix", "- n n - - pipe user=nobody argv=/bin/false")},
        "host",
        "mailbox: a message that was accepted is in no mailbox",
    ),
    Mistake(
        "mail for anna+news bounces",
        box(recipient_delimiter="="),
        "host",
        r"lmtp: 'RCPT TO:<\w+\+probe@",
    ),
    Mistake(
        "every mailbox is full",
        box(plugin={"quota_rule": "*:storage=1B"}),
        "host",
        "login of a mailbox: |recipient with a mailbox: |mailbox: ",
        dovecot="2.3",
    ),
    Mistake(
        "every mailbox is full, in the words of 2.4",
        box(quota_storage_size="1B", quota_storage_grace="0"),
        "host",
        "login of a mailbox: |recipient with a mailbox: |mailbox: ",
        dovecot="2.4",
    ),
    Mistake(
        "mail for mailboxes is deferred for ever",
        box(plugin={"quota_status_success": "DEFER"}),
        "host",
        "recipient with a mailbox: ",
        dovecot="2.3",
    ),
    Mistake(
        "mail for mailboxes is deferred for ever, in the words of 2.4",
        box(quota_status_success="DEFER"),
        "host",
        "recipient with a mailbox: ",
        dovecot="2.4",
    ),
    Mistake(
        "mail for aliases is refused",
        box(plugin={"quota_status_nouser": "REJECT"}),
        "host",
        "(accepted|inbound from .*|mail at .*): 'RCPT TO:<postmaster@",
        dovecot="2.3",
    ),
    Mistake(
        "mail for aliases is refused, in the words of 2.4",
        box(quota_status_nouser="REJECT"),
        "host",
        "(accepted|inbound from .*|mail at .*): 'RCPT TO:<postmaster@",
        dovecot="2.4",
    ),
    Mistake(
        "no recipient is known: the domain is forgotten",
        {**BOX, **main(virtual_mailbox_domains="")},
        "host",
        "accepted: |unknown recipient: |recipient with a mailbox: ",
    ),
    Mistake(
        "every recipient is accepted: the list is forgotten",
        {**BOX, **main(virtual_mailbox_maps="")},
        "host",
        "unknown recipient: ",
    ),
    Mistake(
        "no mail is accepted: rspamd speaks another protocol",
        {**BOX, **rspamd("worker-proxy.inc", milter=False)},
        "host",
        "milter",
    ),
    Mistake(
        "mail for mailboxes goes to another server",
        {**BOX, **main(transport_maps="inline:{harbor.example=smtp:[192.0.2.9]}")},
        "host",
        "mailbox: a message that was accepted is in no mailbox",
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
    box(auth_verbose=True, mail_debug=True),
    {**BOX, **main(lmtp_tls_security_level="encrypt")},  # not of a UNIX socket
    box(mail_always_cache_fields="date.save"),
    box(ssl_min_protocol="TLSv1.3"),
    {**BOX, **master("lmtp/unix", "- - y - 10 lmtp -o syslog_name=postfix/mailboxes")},
    {**BOX, **main(lmtp_destination_concurrency_limit="10", always_bcc="carol@harbor.example")},
    {
        **box(log_path="/var/log/dovecot.log"),
        "mail_accept": ["not ban addresses that guess passwords"],
    },
)
# In the words of a release of Dovecot.
VALID_OF_RELEASES: dict[str, tuple[Keys, ...]] = {
    "2.3": (
        box(ssl="yes", disable_plaintext_auth=True),
        box(plugin={"quota_grace": "5%%"}),
        {**box(mail_home="/var/vmail/homes/%d/%n"), "mail_accept": ELSEWHERE},
    ),
    "2.4": (
        box(ssl="yes", auth_allow_cleartext=False),
        box(quota_storage_grace="1M"),
        {
            **box(mail_home="/var/vmail/homes/%{user | domain}/%{user | username}"),
            "mail_accept": ELSEWHERE,
        },
    ),
}
