"""For every question about the way over SMTP and TLS, a world that passes and one that fails."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploys.checks.finding import Finding
from deploys.checks.smtp import greeting
from tests.checks.pairs import Case, Pair
from tests.checks.speakers import BANNER, raw, speaks
from tests.checks.worlds import fleet, world


def introduced(banner: bytes = BANNER) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        with raw(speaks(banner)) as port:
            return list(greeting.introduced(fleet(), world(folder, port=port)))

    return case


PAIRS: Mapping[str, Pair] = {
    "smtp.banner": Pair(introduced(), introduced(b"220 localhost ESMTP\r\n")),
}
