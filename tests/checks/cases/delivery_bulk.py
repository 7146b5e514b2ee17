"""Bulk mail with and without one-click unsubscribe."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.core.world import Page
from deploys.checks.delivery.unsubscribe import samples
from tests.checks.cases.delivery_content import ZONE
from tests.checks.cases.pair import Case, Pair
from tests.checks.signing import signed
from tests.checks.worlds import Pages, fleet, world

LEAVE = "https://lists.harbor.example/leave/5d1c9b27"
PAGES: Mapping[str, Page] = {LEAVE: Page(405, "text/plain", "")}
BARE = b"From: News <news@harbor.example>\nTo: x@faraway.example\nSubject: news\n\nhello\n"


def sample(
    leave: str = f"<mailto:leave@harbor.example>, <{LEAVE}>",
    post: str = "List-Unsubscribe=One-Click",
    *,
    covered: bool = True,
) -> bytes:
    headers = f"List-Unsubscribe: {leave}\nList-Unsubscribe-Post: {post}\n".encode()
    names = [b"from", b"list-unsubscribe", b"list-unsubscribe-post"]
    return signed(headers + BARE, headers=names if covered else [b"from"])


def sent(raw: bytes) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        path = folder / "sample.eml"
        path.write_bytes(raw)
        here = replace(world(folder), names=ZONE, web=Pages(PAGES))
        return samples(fleet({"verify_bulk": str(path)}), here)

    return case


CASES: Mapping[str, Pair] = {"delivery.unsubscribe": Pair(sent(sample()), sent(BARE))}
