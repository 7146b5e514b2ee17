"""Directory of a mail host: the questions of Postfix, which only its daemons can read."""

from collections.abc import Iterator

from ...mail import directory, paths, srs
from ...mail.settings.model import MailSettings
from ..model.desired import File
from ..model.templates import render

AUTHORITIES = f"{paths.POSTFIX}/directory_ca.pem"
TABLES = (
    *(paths.DIRECTORY_ALIASES, paths.DIRECTORY_MAILBOXES),
    *(paths.DIRECTORY_SENDERS, paths.DIRECTORY_RELAYED),
)
FILES = (*TABLES, AUTHORITIES)
# Of the preflight, which has no network; the directory has answered before it.
IGNORED = (r"\bpgsql\b",)


def files(settings: MailSettings) -> Iterator[File]:
    """Yield the questions, each for the domains that it is about, and the own certificates."""
    own = settings.directory
    if not own:
        return
    values = {
        "host": own.host,
        "port": own.port,
        "user": own.user,
        "password": own.password.resolve(),
        "session": directory.connection(own.session(AUTHORITIES)),
        "staying": (*settings.kept_domains, settings.hostname, *settings.relay_domains),
        "lost": directory.LOST,
        "forward": srs.DOMAIN,
    }
    for path, domains in settings.directory_tables.items():
        text = render(path, domains=domains, **values)
        yield File(path, text, 0o640, group="postfix", secret=True)
    if own.ca:
        yield File(AUTHORITIES, own.ca)
