"""Signatures of outgoing mail: what keeps rspamd from signing it."""

from collections.abc import Iterator

from ... import paths
from ...postfix import items
from ...postfix_services import FORWARD, options, program
from ..model import MailSettings
from .consequence import MASTER, Consequence, main_key, value

UNSIGNED = "send unsigned mail"
FIX = "keep rspamd's socket in smtpd_milters and non_smtpd_milters"


def signatures(host: MailSettings) -> Iterator[Consequence]:
    """Yield what lets mail leave without a DKIM signature."""
    socket = f"unix:{paths.in_queue(paths.MILTER_SOCKET)}"
    for parameter in ("smtpd_milters", "non_smtpd_milters"):
        if socket not in _milters(value(host, parameter)):
            cause = parameter if parameter in host.postfix_main else "smtpd_milters"
            yield Consequence(main_key(host, cause), UNSIGNED, FIX, _through(parameter))
    for service, fields in host.postfix_services.items():
        own = options(fields).get("smtpd_milters") if program(fields) == "smtpd" else None
        again = fields == FORWARD.get(service)  # it is signed on its first way
        if own is not None and not again and socket not in _milters(host.postfix_expanded(own)):
            yield Consequence(f"{MASTER}.{service}", UNSIGNED, FIX, f"if it comes to {service}")
    if "no_milters" in items(value(host, "receive_override_options")):
        yield Consequence(main_key(host, "receive_override_options"), UNSIGNED, "remove no_milters")
    if not value(host, "internal_mail_filter_classes"):
        key = main_key(host, "internal_mail_filter_classes")
        yield Consequence(key, "send unsigned bounces", "write bounce")
    action = value(host, "milter_default_action")
    if action == "accept":
        key = main_key(host, "milter_default_action")
        yield Consequence(key, UNSIGNED, "write tempfail", "whenever rspamd does not answer")
    elif action == "reject":
        key = main_key(host, "milter_default_action")
        words, why = "refuse mail for good", "whenever rspamd does not answer"
        yield Consequence(key, words, "write tempfail", why)


def _through(parameter: str) -> str:
    own = parameter == "non_smtpd_milters"
    return "if its own programs send it" if own else "if clients submit it"


def _milters(text: str) -> list[str]:
    """Return the milters of a list; one in braces has its own parameters behind it."""
    return [item.strip("{} ").partition(",")[0].strip() for item in items(text)]
