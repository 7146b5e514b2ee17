"""One-click unsubscription from bulk mail, and what is missing for it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Page
from deploys.checks.delivery.unsubscribe import samples
from tests.checks.cases.delivery_bulk import BARE, LEAVE, PAGES, sample
from tests.checks.cases.delivery_content import ZONE
from tests.checks.worlds import Gone, Pages, Zone, fleet, world


def judged(
    folder: Path, raw: bytes, pages: Mapping[str, Page] = PAGES, names: Zone = ZONE
) -> Finding:
    path = folder / "sample.eml"
    path.write_bytes(raw)
    here = replace(world(folder), names=names, web=Pages(pages))
    (found,) = samples(fleet({"verify_bulk": str(path)}), here)
    return found


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (BARE, "List-Unsubscribe names no https address"),
        (sample(leave="<mailto:leave@harbor.example>"), "names no https address"),
        (sample(post="yes"), "List-Unsubscribe-Post is not List-Unsubscribe=One-Click"),
        (sample(covered=False), "no signature that verifies covers both"),
        (sample().replace(b"hello", b"hallo"), "no signature that verifies covers both"),
        (sample(leave="<https://[::1/>, <https://lists.harbor.example:x/>"), "names no https"),
        (b"\xff\x00 garbage", "names no https address"),
    ],
    ids=["none", "by mail alone", "no post", "not signed", "changed", "no URL", "garbage"],
)
def test_a_missing_header_is_named(raw: bytes, words: str, tmp_path: Path) -> None:
    found = judged(tmp_path, raw)

    assert found.severity is Severity.ERROR
    assert words in found.saw


@pytest.mark.parametrize(
    ("status", "severity"), [(405, "ok"), (200, "ok"), (404, "error"), (502, "error")]
)
def test_the_address_has_to_be_served(status: int, severity: str, tmp_path: Path) -> None:
    found = judged(tmp_path, sample(), {LEAVE: Page(status, "text/html", "")})

    assert found.severity == severity
    assert found.subject == "harbor.example"


@pytest.mark.parametrize("who", [{"pages": {}}, {"names": Gone()}], ids=["web", "names"])
def test_a_silent_server_is_unknown(who: Any, tmp_path: Path) -> None:
    assert judged(tmp_path, sample(), **who).severity is Severity.UNKNOWN


def test_an_unreadable_sample_is_unknown(tmp_path: Path) -> None:
    (found,) = samples(fleet({"verify_bulk": str(tmp_path / "none.eml")}), world(tmp_path))

    assert found.severity is Severity.UNKNOWN
    assert found.saw.endswith("none.eml cannot be read: No such file or directory")


def test_without_a_sample_there_is_no_finding(tmp_path: Path) -> None:
    assert list(samples(fleet(), world(tmp_path))) == []
