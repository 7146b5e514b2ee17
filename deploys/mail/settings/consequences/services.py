"""Services of master.cf that mail needs: each with what does not work without it."""

from collections.abc import Iterator, Mapping

from ...postfix import items
from ...postfix_services import SUBMISSION, options, program
from ..model import HostSettings, MailSettings
from .consequence import MAIN, MASTER, Choice, Consequence, value

NEEDED: Mapping[str, str] = {
    "smtp/inet": "receive mail",
    "pickup/unix": "take mail of its own programs",
    "cleanup/unix": "accept messages",
    "qmgr/unix": "deliver mail",
    "tlsmgr/unix": "use TLS",
    "rewrite/unix": "find the way of mail",
    "bounce/unix": "report failures to senders",
    "defer/unix": "report delays to senders",
    "trace/unix": "report deliveries to senders",
    "proxymap/unix": "read the list of its users",
    "smtp/unix": "send mail",
    "error/unix": "report wrong recipients to senders",
    "retry/unix": "try mail again",
    "showq/unix": "show its queue",
    "anvil/unix": "count connections",
}
OF_MAIL_HOSTS: Mapping[str, str] = {"local/unix": "deliver mail to its users"}
OF_MAILBOXES: Mapping[str, str] = {"lmtp/unix": "deliver mail to mailboxes"}
OF_RELAYS: Mapping[str, str] = {"relay/unix": "send mail for relay_domains"}
OF_POSTSCREEN: Mapping[str, str] = {
    "smtpd/pass": "receive mail from clients that passed postscreen",
    "dnsblog/unix": "ask the lists of mail_postscreen_dnsbl",
    "tlsproxy/unix": "use TLS with clients of postscreen",
}
# Programs that run as one process (master(5)), and the field of their process limit.
ALONE = {"postscreen", "pickup", "qmgr", "tlsmgr", "verify", "anvil", "scache", "postlogd"}
LIMIT = 4
OF_ACCOUNTS: Mapping[str, str] = {
    "submissions/inet": "take mail of accounts on port 465",
    "submission/inet": "take mail of accounts on port 587",
}


def needed_services(host: HostSettings) -> Iterator[Consequence]:
    """Yield the services that the operator has removed, although mail needs them."""
    accounts = isinstance(host, MailSettings) and bool(host.logins)
    mailboxes = isinstance(host, MailSettings) and bool(host.mailboxes)
    screened = program(host.postfix_services.get("smtp/inet", "")) == "postscreen"
    handed = isinstance(host, MailSettings) and bool(host.handed_over)
    needed = {
        **NEEDED,
        **(OF_MAIL_HOSTS if isinstance(host, MailSettings) else {}),
        **(OF_MAILBOXES if mailboxes else {}),
        **(OF_RELAYS if value(host, "relay_domains") or handed else {}),
        **(OF_ACCOUNTS if accounts else {}),
        **(OF_POSTSCREEN if screened else {}),
    }
    for service, purpose in needed.items():
        if service not in host.postfix_services and not _elsewhere(host, service):
            words, fix = f"not {purpose}", f"remove the None of {service}"
            yield Consequence(f"{MASTER}.{service}", words, fix, choice=Choice.NEVER)


def _elsewhere(host: HostSettings, service: str) -> bool:
    """Tell if a line with an address or a number has the place of `smtp/inet`."""
    numbers = {"smtp/inet": ("25", "smtp"), "submissions/inet": ("465", "submissions", "smtps")}
    ports = {*numbers.get(service, ()), *({"587", "submission"} if "ssion/" in service else ())}
    lines = (name for name in host.postfix_services if name.endswith("/inet"))
    return any(name.removesuffix("/inet").rpartition(":")[2] in ports for name in lines)


def process_limits(host: HostSettings) -> Iterator[Consequence]:
    """Yield own lines that let a program run twice which works alone, and then does not start."""
    for service, fields in host.postfix_master.items():
        words = (fields or "").split()
        name = program(fields or "")
        if name in ALONE and words[LIMIT] != "1":
            why = f"because {name} needs a process limit of 1"
            fix = f"write 1 in place of {words[LIMIT]}"
            key = f"{MASTER}.{service}"
            yield Consequence(key, f"not start {service}", fix, why, Choice.NEVER)


def cleanup_services(host: HostSettings) -> Iterator[Consequence]:
    """Yield the cleanup services that an smtpd service names and that do not exist."""
    for service, fields in host.postfix_services.items():
        name = options(fields).get("cleanup_service_name", "")
        if name and "$" not in name and f"{name}/unix" not in host.postfix_services:
            ours = service in SUBMISSION and service not in host.postfix_master
            yield Consequence(
                f"{MASTER}.{f'{name}/unix' if ours else service}",
                f"refuse mail at {service}",
                f"keep {name}/unix" if ours else f"add {name}/unix, or remove cleanup_service_name",
                f"because its cleanup service {name} does not exist",
                Choice.NEVER,
            )


def submission_services(host: MailSettings) -> Iterator[Consequence]:
    """Yield own lines for submission that take no mail, or passwords without TLS."""
    for service in OF_ACCOUNTS:
        fields = host.postfix_services.get(service, "")
        if not host.logins or program(fields) != "smtpd":
            continue
        of_service = {"smtpd_tls_security_level": "may", "smtpd_tls_wrappermode": "no"}
        own = {**of_service, **options(fields)}
        relaying = {*items(_effective(host, own, "smtpd_relay_restrictions"))}
        encrypted = "encrypt" in own.values() or own["smtpd_tls_wrappermode"] == "yes"
        key = f"{MASTER}.{service}" if service in host.postfix_master else MAIN
        for words, fix, good in (
            (
                "offer no login",
                "write -o smtpd_sasl_auth_enable=yes",
                _effective(host, own, "smtpd_sasl_auth_enable") == "yes",
            ),
            (
                "refuse mail of accounts",
                "write permit_sasl_authenticated in smtpd_relay_restrictions",
                relaying & {"permit_sasl_authenticated", "permit"},
            ),
            (
                "take passwords without TLS",
                "write -o smtpd_tls_security_level=encrypt",
                encrypted or _effective(host, own, "smtpd_tls_auth_only") == "yes",
            ),
            (
                "offer no TLS from the first octet",
                "write -o smtpd_tls_wrappermode=yes",
                service == "submission/inet" or own["smtpd_tls_wrappermode"] == "yes",
            ),
        ):
            if not good:
                yield Consequence(key, f"{words} at {service}", fix, choice=Choice.NEVER)


def _effective(host: MailSettings, own: Mapping[str, str], parameter: str) -> str:
    """Return a parameter of one service: its own, or that of main.cf."""
    return host.postfix_expanded(own.get(parameter, host.postfix_value(parameter)))
