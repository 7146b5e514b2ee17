"""Postfix parameters: defaults, values that every host of a kind has, and times (postconf(5))."""

import re
from collections.abc import Iterable, Mapping

from . import paths

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DELAY_WARNING = 14_400  # seconds, the default of mail_delay_warning
QUEUE_DAYS = 5  # the default of both QUEUE_LIFETIMES
LOOPBACK = ("127.0.0.0/8", "[::ffff:127.0.0.0]/104", "[::1]/128")
BULK_PORT = 10587  # of the second instance, on loopback
BULK_HOP = f"[127.0.0.1]:{BULK_PORT}"
FORWARD_PORT = 10588  # of the server for forwarded mail, on loopback
FORWARD_HOP = f"[127.0.0.1]:{FORWARD_PORT}"
SRS_PORT, SRS_BACK_PORT = 10001, 10002  # of postsrsd, on loopback
SMTP_PORT = 25
ADDED_LINES = 8192  # octets, more than the header fields that a mail host adds to a message
OTHER_LOOPBACK = "127.0.0.3"  # where Postfix listens too if inet_interfaces is "all"
SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt"
# The defaults that this project reads, the same in Postfix 3.7 and 3.10.
DEFAULTS: Mapping[str, str] = {
    "allow_untrusted_routing": "no",
    "authorized_submit_users": "static:anyone",
    "body_checks": "",
    "bounce_queue_lifetime": f"{QUEUE_DAYS}d",
    "content_filter": "",
    "default_transport": "smtp",
    "defer_transports": "",
    "disable_dns_lookups": "no",
    "fallback_transport": "",
    "header_checks": "",
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "internal_mail_filter_classes": "",
    "local_recipient_maps": "proxy:unix:passwd.byname $alias_maps",
    "local_transport": "local:$myhostname",
    "mail_spool_directory": "/var/mail",
    "mailbox_transport": "",
    "maximal_queue_lifetime": f"{QUEUE_DAYS}d",
    "milter_default_action": "tempfail",
    "mime_header_checks": "",
    "mydestination": "$myhostname, localhost.$mydomain, localhost",
    "myorigin": "$myhostname",
    "nested_header_checks": "",
    "non_smtpd_milters": "",
    "receive_override_options": "",
    "recipient_canonical_classes": "envelope_recipient, header_recipient",
    "recipient_canonical_maps": "",
    "recipient_delimiter": "",
    "relay_domains": "",
    "relay_recipient_maps": "",
    "relay_transport": "relay",
    "relayhost": "",
    "sender_dependent_default_transport_maps": "",
    "sender_dependent_relayhost_maps": "",
    "smtp_bind_address": "",
    "smtp_bind_address6": "",
    "smtp_dns_support_level": "",
    "smtp_fallback_relay": "",
    "smtp_tls_CApath": "",
    "smtp_tls_fingerprint_cert_match": "",
    "smtp_tls_wrappermode": "no",
    "smtpd_client_event_limit_exceptions": "$mynetworks",
    "smtpd_client_restrictions": "",
    "smtpd_data_restrictions": "",
    "smtpd_end_of_data_restrictions": "",
    "smtpd_forbid_bare_newline": "normalize",
    "smtpd_helo_restrictions": "",
    "smtpd_milter_maps": "",
    "smtpd_recipient_restrictions": "",
    "smtpd_restriction_classes": "",
    "smtpd_sasl_auth_enable": "no",
    "smtpd_sasl_security_options": "noanonymous",
    "smtpd_sender_restrictions": "",
    "transport_maps": "",
    "unknown_address_reject_code": "450",
    "virtual_mailbox_domains": "",
    "virtual_transport": "virtual",
}
# The times that mail and bounces may wait in the queue.
QUEUE_LIFETIMES = ("maximal_queue_lifetime", "bounce_queue_lifetime")
KNOWN_DOMAIN = "reject_unknown_recipient_domain"
RECIPIENT_RESTRICTIONS = ("smtpd_recipient_restrictions", "mua_recipient_restrictions")
VIRTUAL = "lmdb:/etc/postfix/virtual"  # recipients and their ends
# Values of every mail host, beside those that follow from its settings.
MAIL_HOST: Mapping[str, str] = {
    "internal_mail_filter_classes": "bounce",
    "non_smtpd_milters": "$smtpd_milters",
    "smtp_dns_support_level": "dnssec",
    "smtp_tls_CAfile": SYSTEM_CAS,
    "smtp_tls_security_level": "dane",
    # Of recipients elsewhere, to which only trusted clients may send.
    "smtpd_recipient_restrictions": KNOWN_DOMAIN,
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "unknown_address_reject_code": "550",
}
# Values of every mail host with mail_postscreen. TLS scans wait for 5 seconds, so the greeting
# comes earlier than by default.
POSTSCREEN: Mapping[str, str] = {
    "postscreen_cache_map": "lmdb:$data_directory/postscreen_cache",
    "postscreen_greet_action": "enforce",
    "postscreen_greet_wait": "${stress?{2}:{4}}s",
}
# Values of every mail host with accounts.
SUBMISSION: Mapping[str, str] = {
    "mua_recipient_restrictions": f"reject_non_fqdn_recipient, {KNOWN_DOMAIN}, "
    "permit_sasl_authenticated, reject",
    "mua_relay_restrictions": "permit_sasl_authenticated, reject",
    "mua_sender_restrictions": "reject_sender_login_mismatch",
    "smtpd_tls_auth_only": "yes",
    "smtpd_sender_login_maps": "lmdb:/etc/postfix/senders",
}
# Values of every mail host with mailboxes: Dovecot gets their mail.
MAILBOXES: Mapping[str, str] = {
    "virtual_mailbox_maps": "lmdb:/etc/postfix/mailboxes",
    "virtual_transport": f"lmtp:unix:{paths.in_queue(paths.LMTP_SOCKET)}",
}
# Dovecot knows at RCPT that a mailbox is full; while it is away, mail waits in the queue.
QUOTA_POLICY = (
    f"check_policy_service {{ unix:{paths.in_queue(paths.QUOTA_SOCKET)}, timeout=10s, "
    "default_action=DUNNO }"
)
BULK_MAPS = f"socketmap:unix:{paths.in_queue(paths.BULK_MAPS)}"  # of the handler of bounces
# Values of every mail host with a bulk stream: mail of its accounts goes to the second instance.
BULK_ACCOUNTS = "check_sasl_access lmdb:/etc/postfix/bulk_accounts"
BULK_STREAM = "bulk_stream"
BULK: Mapping[str, str] = {
    "bulk_destination_concurrency_limit": "5",
    "bulk_destination_recipient_limit": "1",
    BULK_STREAM: f"check_recipient_access {BULK_MAPS}:suppression, "
    f"check_sasl_access static:{{FILTER bulk:{BULK_HOP}}}",
    "relay_recipient_maps": f"{BULK_MAPS}:recipients",
    "relay_transport": f"bounces:unix:{paths.in_queue(paths.BULK_LMTP)}",
    "bounces_destination_concurrency_limit": "5",  # messages that the handler has in memory
    "mua_recipient_restrictions": f"{BULK_ACCOUNTS}, {SUBMISSION['mua_recipient_restrictions']}",
}
# By this header field, which rspamd adds, mail with mail_bulk.header goes to the second instance.
# Those that clients write have no effect.
BULK_MARK = "X-Pyinfra-Mail-Stream"
BULK_CHOSEN = f"regexp:{{ {{/^{BULK_MARK}:/ FILTER bulk:{BULK_HOP}}} }}"
# Mail that a host hands over and that comes back from there waits: the two have not been deployed
# with the same homes of mailboxes yet, and it would go round until it is returned.
OF_TAKERS = "mx_hosts"
TAKERS = (
    f"check_recipient_access pipemap:{{ lmdb:{paths.HAND_OVER}, "
    "static:{450 4.4.6 Mail would go round, try again later} }, permit"
)
# Values of every mail host that asks another server for the recipients of a domain: the first reply
# takes a second. What is known is asked again after a week, and what is not after a quarter of an
# hour; an answer that does not come again is believed for a month.
VERIFICATION: Mapping[str, str] = {
    "address_verify_map": "lmdb:$data_directory/verify_cache",
    "address_verify_negative_refresh_time": "15m",
    "address_verify_poll_count": "6",
    "address_verify_poll_delay": "1s",
    "unverified_recipient_reject_code": "550",
    # Not the server's own words, which name it.
    "unverified_recipient_reject_reason": "User not known",
}
# Values of every mail host that sends TLS reports (RFC 8460), with Postfix 3.10 or later.
TLS_REPORTS: Mapping[str, str] = {
    "smtp_tlsrpt_enable": "yes",
    "smtp_tlsrpt_socket_name": paths.in_queue(paths.TLS_SOCKET),
}
# Values of every null client.
NULL_CLIENT: Mapping[str, str] = {
    "inet_interfaces": "loopback-only",
    "local_transport": "error:5.1.1 No mailboxes on this host",
    "mydestination": "",
    "mynetworks": ", ".join(LOOPBACK),
    "recipient_canonical_maps": "lmdb:/etc/postfix/recipient_canonical",
    "sender_canonical_maps": "lmdb:/etc/postfix/sender_canonical",
    "smtp_sasl_auth_enable": "yes",
    "smtp_sasl_password_maps": "lmdb:/etc/postfix/relay_password",
    "smtp_tls_CAfile": SYSTEM_CAS,
    "smtp_tls_security_level": "secure",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
}


def excepting(restrictions: str, domains: Mapping[str, str]) -> str:
    """Return restrictions in which these domains have one of their own, and need no DNS."""
    asked = f"check_recipient_access {inline(domains)}, {KNOWN_DOMAIN}"
    return restrictions.replace(KNOWN_DOMAIN, asked) if domains else restrictions


def proxied(path: str) -> str:
    """Return a table of PostgreSQL that all daemons ask over the connections of proxymap(8)."""
    return f"proxy:pgsql:{path}"


def host_hop(name: str) -> str:
    """Return a mail host as a next hop; the brackets mean that no MX record is looked up."""
    return f"[{name}]:{SMTP_PORT}"


def taking(givers: Iterable[str], takers: Iterable[str]) -> str:
    """Return the restriction for hosts that hand mail over here or take it; "" without any."""
    table = _by_client(dict.fromkeys(givers, "OK") | dict.fromkeys(takers, OF_TAKERS))
    return f"check_client_access {table}, " if table else ""


def trusting(clients: Iterable[str]) -> dict[str, str]:
    """Return the parameters with which these clients are neither judged nor limited."""
    return {
        "smtpd_client_event_limit_exceptions": ", ".join(("$mynetworks", *map(bracketed, clients))),
        "smtpd_milter_maps": _by_client(dict.fromkeys(clients, "DISABLE")),
    }


def _by_client(answers: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{{{address} {answer}}}" for address, answer in answers.items())
    return f"cidr:{{ {pairs} }}" if pairs else ""


def inline(entries: Mapping[str, str]) -> str:
    """Return a table that stands in the parameter itself; "" without entries."""
    pairs = ", ".join(f"{{{key} = {value}}}" for key, value in entries.items())
    return f"inline:{{ {pairs} }}" if pairs else ""


def seconds(value: str, default_unit: str = "d") -> int | None:
    """Return a time value in seconds; None for an expression such as `$other_parameter`."""
    found = re.fullmatch(r"(\d+)\s*([smhdw]?)", value.strip())
    return int(found[1]) * UNITS[found[2] or default_unit] if found else None


def bracketed(network: str) -> str:
    """Return a network or an address as Postfix writes it: an IPv6 address in brackets."""
    address, slash, length = network.partition("/")
    return f"[{address}]{slash}{length}" if ":" in network else network


def expanded(value: str, values: Mapping[str, str]) -> str:
    """Return a value with the parameters that it names; a name without value stays."""
    for _ in range(len(values)):  # at most: a parameter may name itself
        after = re.sub(
            r"\$(?:(\w+)|\{(\w+)\}|\((\w+)\))",
            lambda name: values.get(next(filter(None, name.groups())), name[0]),
            value,
        )
        if after == value:
            break
        value = after
    return value


def items(value: str) -> list[str]:
    """Return the items of a list; one in braces, such as `inline:{ a=b, c=d }`, stays whole."""
    return re.findall(r"(?:[^\s,{}]|\{(?:[^{}]|\{[^{}]*\})*\})+", value)
