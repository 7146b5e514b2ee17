"""Senders and logins of accounts."""

from collections.abc import Iterator

from ...postfix import items
from ..model import MailSettings
from .consequence import Choice, Consequence, main_key, value

MISMATCHES = {"reject_sender_login_mismatch", "reject_authenticated_sender_login_mismatch"}
FORGERY = "let every account send as any sender"


def account_senders(host: MailSettings) -> Iterator[Consequence]:
    """Yield what lets accounts use every sender, or none."""
    if not host.logins:
        return
    restrictions = "mua_sender_restrictions"
    if not MISMATCHES & {*items(value(host, restrictions))}:
        fix = "keep reject_sender_login_mismatch in it"
        yield Consequence(main_key(host, restrictions), FORGERY, fix)
    elif not value(host, "smtpd_sender_login_maps"):
        yield Consequence(
            main_key(host, "smtpd_sender_login_maps"),
            "refuse all mail of accounts",
            "remove it, and list senders in mail_accounts",
            "because no sender belongs to a login",
            Choice.NEVER,
        )
    if "noanonymous" not in items(value(host, "smtpd_sasl_security_options")):
        key = main_key(host, "smtpd_sasl_security_options")
        yield Consequence(key, "relay for everybody", "keep noanonymous", "", Choice.NEVER)
    if value(host, "smtpd_sasl_auth_enable") == "yes":
        key = main_key(host, "smtpd_sasl_auth_enable")
        yield Consequence(
            key, "offer logins on port 25", "remove it", "where passwords are guessed", Choice.NEVER
        )
