"""
rspamd of a mail host: the milter that signs outgoing and verifies incoming mail.

Postfix uses it at a socket in its queue directory. Without an answer mail waits, so rspamd is
reloaded and not restarted: its main process keeps the socket, reads all files again, and starts new
workers; the old ones answer until then.

A file of `local.d` is ours with the operator's settings merged into it, written in UCL, rspamd's
configuration language: objects are joined, and of any other setting the operator's value is used.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from ...mail import paths, units
from ...mail.gtube import MARKED
from ...mail.postfix import BULK_MARK
from ...mail.postfix_services import BULK_RETURN
from ...mail.settings.bulk import Bulk
from ...mail.settings.model import MailSettings
from ...mail.settings.values.filter import Filter
from ...mail.verp import derived_key
from ..dkim import keys
from ..dkim.signing_table import SigningTable, as_ucl
from ..model.desired import File, Preflight, Query, Service
from ..model.state import Existing
from ..model.templates import render
from ..model.versions import installed
from . import rspamd_learner
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "rspamd"
DIRECTORY = "/etc/rspamd"
LOCAL = paths.RSPAMD_LOCAL
RULES, LUA = f"{DIRECTORY}/rspamd.conf.local.override", f"{LOCAL}/rspamd.lua"
ENCODING, BULK = f"{LOCAL}/encoding.lua", f"{LOCAL}/bulk.lua"
DMARC = f"{LOCAL}/dmarc.lua"
UNIT = units.RSPAMD
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
SOCKET = paths.MILTER_SOCKET
SOCKET_DIRECTORY = str(PurePath(SOCKET).parent)
LOOPBACK = ("127.0.0.0/8", "::1/128")
BULK_STREAM = "bulk"  # name of the bulk instance's daemon, by which its mail is known
FILES = (
    "actions.conf",
    "dkim_signing.conf",
    "logging.inc",
    "milter_headers.conf",
    "options.inc",
    "settings.conf",
    "worker-controller.inc",
    "worker-normal.inc",
    "worker-proxy.inc",
)
RATE_FILES = ("ratelimit.conf", "redis.conf")
DMARC_FILE = "dmarc.conf"
FILTER_FILES = ("arc.conf",)
TIMER = f"{paths.UNITS}/{units.DMARC_REPORTS}"
REPORTER = TIMER.replace(".timer", ".service")
# Results of DMARC in rspamd's settings of a header.
DMARC_RESULTS = ("pass", "permerror", "temperror", "none", "reject", "softfail", "quarantine")
# Modules that judge, learn, report or ask other servers; without them rspamd signs and verifies.
CONTENT_MODULES = (
    *("antivirus", "arc", "asn", "aws_s3", "bayes_expiry", "bimi", "chartable", "clickhouse"),
    *("contextal", "dcc", "dmarc", "elastic", "emails", "external_relay", "external_services"),
    *("forged_recipients", "fuzzy_check", "gpt", "greylist", "hfilter", "history_redis"),
    *("http_headers", "known_senders", "maillist", "metadata_exporter", "metric_exporter"),
    *("mid", "mime_types", "multimap", "mx_check", "neural", "once_received", "p0f"),
    *("phishing", "rbl", "regexp", "replies", "reputation", "rspamd_update", "spamassassin"),
    *("spamtrap", "surbl", "trie", "url_redirector", "whitelist"),
)
# Those that judge by the message, what comes with rspamd, and the DNS of the sender.
JUDGING = (
    *("arc", "chartable", "forged_recipients", "hfilter", "maillist", "mime_types"),
    *("once_received", "regexp"),
)
# Those that ask lists of others about mail, or fetch such lists.
ASKING = (
    *("asn", "fuzzy_check", "mid", "multimap", "phishing", "rbl", "surbl", "url_redirector"),
    "whitelist",
)
# Names of DMARC's results for reports, where those of mail_filter have the usual ones.
COUNTED = {
    "allow": "REPORTED_ALLOW",
    "badpolicy": "REPORTED_BAD_POLICY",
    "dnsfail": "REPORTED_DNSFAIL",
    "na": "REPORTED_NA",
    "quarantine": "REPORTED_QUARANTINE",
    "reject": "REPORTED_REJECT",
    "softfail": "REPORTED_SOFTFAIL",
}
# Files in which the operator chooses the names of settings.
FREE_NAMES = ("antivirus", "composites", "external_services", "groups", "multimap", "settings")
MAINTAINED = (3, 5)  # the first that may come from a place with security updates
AS_RSPAMD = ("setpriv", "--reuid=_rspamd", "--regid=_rspamd", "--clear-groups")
STAGED = ("--var=CONFDIR={directory}", "--var=LOCAL_CONFDIR={directory}")
# The preflight has no DNS, to which rspamadm connects at its start; the store of known spam has a
# host name.
IGNORED = (
    r"cannot parse resolv\.conf and no nameservers defined",
    r"address resolution for \S+ failed|cannot read servers definition",
    # Rules that come with rspamd name results of modules that are off.
    r"cannot find dependency on symbol (FREEMAIL_\w+|DMARC_CHECK) for symbol",
    r"cannot register delayed dependency \w+ -> (FREEMAIL_\w+|DMARC_CHECK):",
)
CONFIGTEST = ("rspamadm", *STAGED, "configtest", "--config={directory}/rspamd.conf")
UNREAD_FILES = (  # rspamd ignores a file that no other includes
    'for name; do grep -rqF --include="*.conf" --include="*.inc" --exclude-dir=local.d '
    '"local.d/$name" {directory} || '
    """echo "this rspamd reads no file local.d/$name (mail_rspamd['$name'])" >&2; done"""
)
UNKNOWN_SETTINGS = (  # and a setting with a name that it does not know
    'programs=$(dpkg -L rspamd | grep -E "(/bin/rspamd|[.]so|[.]lua)$"); '
    'for name; do grep -qwF -e "${{name#*/}}" $programs || '
    """echo "this rspamd knows no setting mail_rspamd['${{name%%/*}}']['${{name#*/}}']" """
    ">&2; done"
)
_AMOUNT = re.compile(r'"(\d+(?:\.\d+)?(?:ms|s|min|h|d|w|y|[kmg]b?))"(?!:)')


def query(settings: MailSettings) -> Query:
    """Return the state of rspamd that a plan needs."""
    base = base_query(
        settings,
        NAME,
        (DIRECTORY, DROP_INS, paths.UNITS, *rspamd_learner.directories(settings)),
        (
            *(f"{LOCAL}/{name}" for name in _names(settings)),
            *(LUA, ENCODING, BULK, DMARC, RULES, DROP_IN, TIMER, REPORTER),
            *rspamd_learner.file_paths(settings),
        ),
    )
    return replace(
        base,
        keys=keys.key_paths(settings),
        histories=(paths.dkim_history(settings.selector_base),),
        secrets=(BULK, *rspamd_learner.file_paths(settings)),
        sockets=(SOCKET,),
        exclusive=(DIRECTORY,),
    )


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired rspamd; it signs with the keys that have published records."""
    version = installed(inputs.existing, NAME)
    files = tuple(_files(settings, inputs.dkim.signs, version))
    return replace(
        base_service(query(settings), files),
        keys=inputs.dkim.wanted,
        validators=tuple(_validators(settings)),
        ignored=IGNORED,
        preflight=Preflight(_start()) if settings.preflight else None,
        # What is compiled takes long to make, so a preflight that needs it uses the live rspamd's.
        scratch=() if _has_rules(settings) or _reports(settings) else ("/var/lib/rspamd",),
        workers=True,
    )


def notices(settings: MailSettings, existing: Existing) -> Iterator[str]:
    """Yield what the operator has to know of an rspamd that judges outside senders write."""
    if settings.judgement and installed(existing, NAME) < MAINTAINED:
        yield (
            "rspamd 3.4 of Debian 12 gets no security updates, and mail_filter lets it read mail "
            "of outside senders; set the host up with Debian 13, install rspamd from the "
            "repository of its authors (docs/filter.md), or write mail_filter = False"
        )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own files of rspamd, and the settings in them."""
    for file, own in settings.rspamd.items():
        yield "mail_rspamd", file
        yield from (("mail_rspamd", name) for name in own)


def render_local(
    settings: MailSettings, name: str, signs: SigningTable, version: tuple[int, ...]
) -> str:
    """Return a file of `local.d`: ours with the operator's settings, or only the operator's."""
    where = f'mail_rspamd["{name}"]'
    setting = Settings(settings.rspamd.get(name, {}), where)
    ours = name in _ours(settings)
    values = {"version": version, **_values(settings, signs)}
    body = render(f"{LOCAL}/{name}", setting=setting, **values) if ours else ""
    rest = list(setting.rest())
    return "\n".join(
        (
            "# Written by pyinfra-mail; changes here are replaced by the next run.",
            f"# Own settings: {where}.",
            *((f"\n{body.strip()}",) if body.strip() else ()),
            *((f"\n# {where}:", *rest) if rest else ()),
            "",
        )
    )


def _files(settings: MailSettings, signs: SigningTable, version: tuple[int, ...]) -> Iterator[File]:
    for name in _names(settings):
        yield File(f"{LOCAL}/{name}", render_local(settings, name, signs, version))
    yield File(LUA, _rules(settings, version))
    if settings.encode:
        yield File(ENCODING, render(ENCODING))
    if settings.bulk:
        yield _bulk(settings.bulk, settings.one_click_name)
    if settings.judgement:
        yield _dmarc(settings.judgement)
    yield File(RULES, _loaded(settings))
    values = {"directory": SOCKET_DIRECTORY, "socket": SOCKET, "restricted": settings.sandbox}
    yield File(DROP_IN, render(DROP_IN, wanted=units.started_by_rspamd(settings), **values))
    if _reports(settings):
        yield File(TIMER, render(TIMER, unit=UNIT))
        yield File(REPORTER, render(REPORTER, unit=UNIT, restricted=settings.sandbox))
    yield from rspamd_learner.files(settings)


def _has_rules(settings: MailSettings) -> bool:
    """Tell whether rspamd's rules for the content of messages are loaded."""
    return settings.scan_outbound or bool(settings.judgement)


def _loaded(settings: MailSettings) -> str:
    """Return the file that says which rules, modules and lists are loaded."""
    judgement = settings.judgement
    own = {one.removesuffix(".conf") for one in (*settings.rspamd, *_report_files(settings))}
    asks = settings.scan_outbound or bool(judgement and judgement.outside)
    return render(
        RULES,
        rules=_has_rules(settings),
        learns=settings.scan_outbound or settings.learns,
        modules=[one for one in CONTENT_MODULES if one not in {*_modules(settings), *own}],
        own_types=bool(judgement) and not asks and "mime_types" not in own,
    )


def _modules(settings: MailSettings) -> Iterator[str]:
    """Yield the modules that are on without a file of the operator."""
    judgement = settings.judgement
    if settings.scan_outbound:
        yield from (one for one in CONTENT_MODULES if one != "dmarc" or not judgement)
    elif judgement:
        yield from (*JUDGING, *(ASKING if judgement.outside else ()))
        yield from ("greylist",) if judgement.greylist else ()


def _dmarc(judgement: Filter) -> File:
    text = render(
        DMARC,
        trusted_domains=judgement.trusted_domains,
        trusted_networks=judgement.trusted_networks,
    )
    return File(DMARC, text)


def _forwards(settings: MailSettings) -> dict[str, bool]:
    """
    Return the recipients whose mail leads elsewhere.

    Where the catch-all of a domain does, its other recipients are there too, with False.
    """
    found = settings.recipients
    leads = {
        recipient: any(map(found.leads_elsewhere, ends)) for recipient, ends in found.ends.items()
    }
    caught = {one for one in leads if leads[one] and one.startswith("@")}
    return {one: away for one, away in leads.items() if away or one[one.index("@") :] in caught}


def _rules(settings: MailSettings, version: tuple[int, ...]) -> str:
    judgement = settings.judgement
    return render(
        LUA,
        version=version,
        rules=_has_rules(settings),
        judgement=judgement,
        marked=MARKED,
        forwards=_forwards(settings) if settings.refuses_forwards else {},
        senders=_senders(settings),
        subaddress=settings.knows_subaddresses,
        encode=settings.encode,
        bulk=bool(settings.bulk),
        mark=BULK_MARK if settings.bulk and settings.bulk.header else "",
    )


def _bulk(bulk: Bulk, site: str) -> File:
    """Return the rules of the bulk stream, which have keys derived from its secret."""
    secret = bulk.secret.resolve()
    text = render(
        BULK,
        domain=bulk.bounces,
        site=site,
        verp_key=derived_key(secret, "verp").hex(),
        unsubscribe_key=derived_key(secret, "unsubscribe").hex(),
    )
    return File(BULK, text, 0o640, group="_rspamd", secret=True)


def _senders(settings: MailSettings) -> dict[str, tuple[str, ...]]:
    return {login: account.senders for login, account in sorted(settings.logins.items())}


def _names(settings: MailSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_ours(settings), *sorted(settings.rspamd))))


def _ours(settings: MailSettings) -> tuple[str, ...]:
    counting = RATE_FILES if _counts(settings) else ()
    judging = FILTER_FILES if settings.judgement else ()
    return (*FILES, *counting, *judging, *_report_files(settings))


def _values(settings: MailSettings, signs: SigningTable) -> dict[str, Any]:
    return {
        "domains": as_ucl(signs),
        "networks": [*LOOPBACK, *settings.networks],
        "rules": _has_rules(settings),
        "scan": settings.scan_outbound,
        "judgement": settings.judgement,
        "counted": COUNTED,
        "socket": SOCKET,
        "redis": paths.REDIS_SOCKET,
        "learns": settings.learns,
        "controller": paths.CONTROLLER_SOCKET,
        "signing": ["DKIM_SIGNED", "UNSIGNED"],
        "checking": ["FORGED_AUTHOR"] if settings.logins else [],
        "encoding": ["ENCODED"] if settings.encode else [],
        "bulk": settings.bulk,
        "header": _header(settings.bulk) if settings.bulk else "",
        "stream": BULK_STREAM,
        "returned": BULK_RETURN,
        "counting": ["RATELIMIT_CHECK", "RATELIMIT_UPDATE"] if settings.counted_rate else [],
        "rates": _rates(settings),
        "reporting": _reporting(settings),
        "read": settings.recipients.read,
        # Without these names, no header of ours has a result of DMARC.
        "hidden": {"dmarc_symbols": dict.fromkeys(DMARC_RESULTS, "NONE")},
    }


def _header(bulk: Bulk) -> bool | str:
    """Return the condition of a header field: an expression, or true for any value."""
    value = "".join(one if one.isalnum() else f"\\x{ord(one):02x}" for one in bulk.header_value)
    return f"/^\\s*{value}\\s*$/i" if value else True


def _reports(settings: MailSettings) -> bool:
    """Tell whether the host sends DMARC reports."""
    return "dmarc" in settings.send_reports


def _report_files(settings: MailSettings) -> tuple[str, ...]:
    return (DMARC_FILE,) if _reports(settings) else ()


def _reporting(settings: MailSettings) -> dict[str, Any]:
    """Return the settings of DMARC reports; {} without them."""
    if not _reports(settings):
        return {}
    sender, own = settings.report_from, {*settings.author_domains, *settings.reported_domains}
    domain = sender.rpartition("@")[2]
    organization = settings.report_organization or domain
    return {
        "enabled": True,
        "email": sender,
        "domain": domain,
        "org_name": organization,
        "from_name": organization,
        "helo": settings.hostname,
        "msgid_from": settings.hostname,
        "smtp": "127.0.0.1",
        "smtp_port": 25,
        "exclude_domains": sorted(own),
    }


def _rates(settings: MailSettings) -> dict[str, Any]:
    if not settings.counted_rate:
        return {}
    count, _, time = settings.counted_rate.partition("/")
    message = f"Rate limit exceeded: {count} recipients in {time} for this account; try again later"
    bucket = {"burst": int(count), "rate": f"{count} / {time}", "message": message}
    return {"user": {"bucket": bucket}}


def _validators(settings: MailSettings) -> Iterator[tuple[str, ...]]:
    if settings.rspamd:
        yield ("sh", "-c", UNREAD_FILES, "sh", *settings.rspamd)
        yield ("sh", "-c", UNKNOWN_SETTINGS, "sh", *_setting_names(settings))
    yield CONFIGTEST


def _setting_names(settings: MailSettings) -> Iterator[str]:
    for file, own in settings.rspamd.items():
        if file.partition(".")[0].removesuffix("_group") not in FREE_NAMES:
            yield from (f"{file}/{name}" for name in own)


def _start() -> tuple[tuple[str, ...], ...]:
    return (
        ("mkdir", "-p", "/run/rspamd"),
        ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run/rspamd"),
        ("chown", "_rspamd:", "/run/rspamd"),
        ("install", "-d", "-o", "_rspamd", "-g", "postfix", "-m", "2710", SOCKET_DIRECTORY),
        # rspamd keeps its output open, and the preflight would wait for its end.
        ("sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", *AS_RSPAMD, "rspamd"),
    )


def _counts(settings: MailSettings) -> bool:
    return units.service(settings, "redis").wanted


class Settings:
    """Settings of one UCL file, while its template is rendered."""

    def __init__(self, own: Mapping[str, Any], where: str) -> None:
        self._own = own
        self._where = where
        self._written: set[str] = set()

    def __call__(self, name: str, value: Any) -> str:  # noqa: ANN401 - UCL holds anything
        """Return a setting of ours, with the operator's value joined to it."""
        self._written.add(name)
        if name not in self._own:
            return setting(name, value)
        return f"# {self._where}:\n{setting(name, joined(value, self._own[name]))}"

    def rest(self) -> Iterator[str]:
        """Yield the operator's settings that the template does not have."""
        yield from (
            setting(name, self._own[name]) for name in self._own if name not in self._written
        )


def joined(ours: Any, own: Any) -> Any:  # noqa: ANN401 - UCL holds anything
    """Return two values joined: objects name by name, otherwise the operator's."""
    if not (isinstance(ours, Mapping) and isinstance(own, Mapping)):
        return own
    both = {name: joined(ours[name], own[name]) for name in ours.keys() & own.keys()}
    return {**ours, **own, **both}


def setting(name: str, value: Any) -> str:  # noqa: ANN401 - UCL holds anything
    """Return one setting in UCL; a time or a size has no quotes."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=dict)
    return f"{name} = {_AMOUNT.sub(lambda amount: amount[1], text)};"
