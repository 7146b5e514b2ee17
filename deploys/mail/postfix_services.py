"""
Services of Postfix's master daemon by "name/type" (master(5)), as Debian has them.

The fields are private, unprivileged, chroot, wakeup, maximum of processes, and the command. Servers
that speak TLS name one of OpenSSL's settings in /etc/postfix/openssl.cnf; the clients have none, as
an old server's signature with SHA-1 is better than clear text.
"""

import re
from collections.abc import Mapping

from . import paths
from .postfix import BULK_PORT, FORWARD_PORT, SRS_PORT

Services = Mapping[str, str]
# smtpd(8) and postdrop(1) hold message_size_limit. cleanup(8) also counts the envelope and our own
# header fields, and would refuse a message of the size that the host announces (RFC 1870).
_MEASURED = " -o message_size_limit=0"
MAIL_HOST: Services = {
    "smtp/inet": "n - y - - smtpd -o tls_config_name=strict",
    "pickup/unix": "n - y 60 1 pickup",
    "cleanup/unix": f"n - y - 0 cleanup{_MEASURED}",
    "qmgr/unix": "n - n 300 1 qmgr",
    "tlsmgr/unix": "- - y 1000? 1 tlsmgr",
    "rewrite/unix": "- - y - - trivial-rewrite",
    "bounce/unix": "- - y - 0 bounce",
    "defer/unix": "- - y - 0 bounce",
    "trace/unix": "- - y - 0 bounce",
    "verify/unix": "- - y - 1 verify",
    "flush/unix": "n - y 1000? 0 flush",
    "proxymap/unix": "- - n - - proxymap",
    "proxywrite/unix": "- - n - 1 proxymap",
    "smtp/unix": "- - y - - smtp",
    "relay/unix": "- - y - - smtp -o syslog_name=postfix/$service_name",
    "showq/unix": "n - y - - showq",
    "error/unix": "- - y - - error",
    "retry/unix": "- - y - - error",
    "discard/unix": "- - y - - discard",
    "local/unix": "- n n - - local",
    "virtual/unix": "- n n - - virtual",
    "lmtp/unix": "- - y - - lmtp",
    "anvil/unix": "- - y - 1 anvil",
    "scache/unix": "- - y - 1 scache",
    "postlog/unix-dgram": "n - n - 1 postlogd",
}
# postscreen(8) has port 25, and hands clients that passed its tests to smtpd(8). Those that failed
# stay with it, and tlsproxy(8) speaks TLS for them.
POSTSCREEN: Services = {
    "smtp/inet": "n - y - 1 postscreen",
    "smtpd/pass": "- - y - - smtpd -o tls_config_name=strict",
    "dnsblog/unix": "- - y - 0 dnsblog",
    "tlsproxy/unix": "- - y - 0 tlsproxy -o tls_config_name=strict",
}
_RECEIVING = ("verify", "proxywrite", "relay", "local", "virtual", "lmtp")
CLIENT: Services = {
    **{one: MAIL_HOST[one] for one in MAIL_HOST if one.partition("/")[0] not in _RECEIVING},
    "smtp/inet": "n - y - - smtpd",
}
_SUBMITTED = (
    "n - y - - smtpd -o syslog_name=postfix/$service_name"
    " -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_client_restrictions= -o smtpd_helo_restrictions="
    " -o smtpd_sender_restrictions=$mua_sender_restrictions"
    " -o smtpd_relay_restrictions=$mua_relay_restrictions"
    " -o smtpd_recipient_restrictions=$mua_recipient_restrictions"
    " -o smtpd_discard_ehlo_keyword_address_maps="
    " -o local_header_rewrite_clients=permit_sasl_authenticated"
    " -o cleanup_service_name=submission-cleanup"
    " -o tls_config_name=strict"
)
# Submission on ports 465 and 587 (RFC 8314, RFC 6409), of a host with accounts.
SUBMISSION: Services = {
    # A client speaks first, and at once. Postfix counts the connections of an address only after
    # the TLS handshake, so silent ones would have all processes for five minutes.
    "submissions/inet": f"{_SUBMITTED} -o smtpd_tls_wrappermode=yes"
    " -o smtpd_starttls_timeout=${stress?{5}:{20}}s",
    "submission/inet": f"{_SUBMITTED} -o smtpd_tls_security_level=encrypt",
    # There, a header beyond ASCII requires no SMTPUTF8 (RFC 6531) of the next server.
    "submission-cleanup/unix": f"n - y - 0 cleanup{_MEASURED} -o smtputf8_enable=no "
    "-o header_checks=regexp:/etc/postfix/submission_headers "
    "-o mime_header_checks= -o nested_header_checks=",
}


def interoperable(services: Services) -> Services:
    """Return services that speak TLS with old clients too."""
    strict, old = "tls_config_name=strict", "tls_config_name=interoperable"
    return {name: fields.replace(strict, old) for name, fields in services.items()}


def without_chroot(service: tuple[str, str]) -> tuple[str, str]:
    """Return a service, by name and fields, that does not run in a chroot."""
    name, fields = service
    return name, fields.replace(" y ", " n ", 1)


# Clients of a server on loopback: no TLS, and nothing that is meant for servers of others.
_LOOPBACK = (
    "smtp -o smtp_tls_security_level=none -o smtp_tls_policy_maps= -o smtp_sasl_auth_enable=no"
    " -o smtp_fallback_relay= -o smtp_bind_address6="
)
# Hand-over to the bulk stream's instance, of a host that has one.
BULK_HAND_OVER: Services = {
    "bounces/unix": "- - y - - lmtp",  # to the handler of bounces
    "bulk/unix": f"- - y - - {_LOOPBACK} -o syslog_name=postfix/$service_name"
    " -o smtp_bind_address=",
}
_UNCHECKED = (
    *("smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions"),
    *("smtpd_recipient_restrictions", "smtpd_data_restrictions"),
    *("smtpd_end_of_data_restrictions", "smtpd_milters", "content_filter"),
    *("local_header_rewrite_clients", "receive_override_options"),
)
_UNMAPPED = (
    *("canonical_maps", "recipient_canonical_maps", "masquerade_domains", "always_bcc"),
    *("sender_bcc_maps", "recipient_bcc_maps", "header_checks", "mime_header_checks"),
    *("nested_header_checks", "body_checks"),
)
# Forwarded mail on its second way through the host (mail/srs). It has been checked, signed and
# counted on the first: not an octet changes, and one more Received field is not too large.
FORWARD: Services = {
    "forward/unix": f"- - y - - {_LOOPBACK} -o syslog_name=postfix/$service_name"
    " -o smtp_bind_address=",
    f"127.0.0.1:{FORWARD_PORT}/inet": "n - y - - smtpd -o syslog_name=postfix/forward"
    " -o mynetworks=127.0.0.0/8 -o smtpd_relay_restrictions=permit_mynetworks,reject"
    f" -o smtpd_tls_security_level=none{_MEASURED}"
    " -o cleanup_service_name=forward-cleanup " + " ".join(f"-o {one}=" for one in _UNCHECKED),
    "forward-cleanup/unix": f"n - y - 0 cleanup{_MEASURED}"
    f" -o virtual_alias_maps=regexp:{paths.FORWARD}"
    f" -o sender_canonical_maps=tcp:127.0.0.1:{SRS_PORT}"
    " -o sender_canonical_classes=envelope_sender " + " ".join(f"-o {one}=" for one in _UNMAPPED),
}
BULK_RETURN = "127.0.0.2"  # the address by which its mail for this host comes back
_NOT_OF_BULK = ("smtp/inet", "verify", "proxywrite", "relay", "local", "virtual", "lmtp")
# Services of the bulk stream's instance, without chroot.
BULK: Services = {
    f"127.0.0.1:{BULK_PORT}/inet": "n - n - - smtpd",
    **{
        one: fields
        for one, fields in map(without_chroot, MAIL_HOST.items())
        if not {one, one.partition("/")[0]} & {*_NOT_OF_BULK}
    },
    "main/unix": f"- - n - - {_LOOPBACK} -o syslog_name=postfix-bulk/$service_name"
    f" -o smtp_bind_address={BULK_RETURN}",
}
_PROGRAM = 5  # the field after the name, the type and five others


def program(fields: str) -> str:
    """Return the program of a service; "" if fields are missing."""
    words = fields.split()
    return words[_PROGRAM] if len(words) > _PROGRAM else ""


def options(fields: str) -> dict[str, str]:
    """Return the parameters that a service has for itself, written as `-o name=value`."""
    plain = re.findall(r"(?:^|\s)-o\s*([^\s={}]+)=(\S*)", fields)
    braced = re.findall(r"(?:^|\s)-o\s*\{\s*([^\s=]+)\s*=\s*([^}]*?)\s*\}", fields)
    return dict((*plain, *braced))
