"""SRV records and autoconfiguration, correct and broken."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.core.world import Answer, Page
from deploys.checks.dns import autoconfig, services
from deploys.mail import autoconfig as documents
from deploys.mail import srv
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import file
from tests.checks.cases.pair import Case, Pair
from tests.checks.smtp_servers import Submission, certified, serving
from tests.checks.worlds import Pages, Zone, fleet, world


def led(records: Mapping[str, tuple[str, ...]]) -> Zone:
    """Return a DNS with these SRV records, and where mx1 is."""
    named = {name: records.get(name, ()) for name in srv.LOOKED_UP}
    return Zone(
        {
            ("mx1.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))],
            **{
                (f"_{name}._tcp.harbor.example", "SRV"): [Answer("ns", values)]
                for name, values in named.items()
            },
        }
    )


def submitted(*, tls: bool) -> Case:
    """Ask where a record leads to a port for submission."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(Submission(), certified(folder) if tls else None) as port:
            names = led({"submission": (f"0 1 {port} mx1.harbor.example.",), "imaps": ("0 0 0 .",)})
            return list(services.services(fleet(), replace(world(folder), names=names)))

    return case


def manned(folder: Path) -> Fleet:
    """Return a fleet in which the captain may send, and his mail program learns how."""
    (folder / "password").write_text("ahoy\n")
    account = {"captain@harbor.example": {"password": file(folder / "password")}}
    data = {"mail_aliases": {"captain": "root"}, "mail_accounts": account}
    return fleet({**data, "mail_tls": "acme", "mail_autoconfig": True})


THUNDERBIRD = "https://autoconfig.harbor.example/mail/config-v1.1.xml"
OUTLOOK = "https://autodiscover.harbor.example/autodiscover/autodiscover.xml"


def pages(host: str = "mx1.harbor.example", changed: Mapping[str, Page] | None = None) -> Pages:
    """Return a web of the documents that name a host, but for what is changed."""
    texts = {
        THUNDERBIRD: documents.thunderbird("harbor.example", [host]),
        OUTLOOK: documents.outlook("harbor.example", [host]),
    }
    told = {url: Page(200, "text/xml", text) for url, text in texts.items()}
    return Pages({**told, **(changed or {})})


SITES = Zone(
    {
        (f"{name}.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))]
        for name in ("autoconfig", "autodiscover")
    }
)


def told(host: str) -> Case:
    """Fetch documents that name a host."""

    def case(folder: Path) -> Iterable[Finding]:
        here = replace(world(folder), names=SITES, web=pages(host))
        return list(autoconfig.documents(manned(folder), here))

    return case


CASES: Mapping[str, Pair] = {
    "dns.srv": Pair(submitted(tls=True), submitted(tls=False)),
    "dns.autoconfig": Pair(told("mx1.harbor.example"), told("mx.other.example")),
}
