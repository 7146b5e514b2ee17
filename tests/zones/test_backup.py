"""Backups before a change, and their restore."""

import stat
from pathlib import Path

import dns.zonefile
import pytest

from deploys.mail.errors import MailError
from deploys.zones.apply import apply
from deploys.zones.backup import Backups
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.scenario import fleet_of, planned, published, restored

FLEET = fleet_of(HARBOR, 1)
MX = (HARBOR, "MX")


def provider(zone: RecordSets) -> Provider:
    served(harbor=zone)
    return Provider("memory", MemoryProvider("test", "memory"))


def text_of(run: str) -> str:
    return (Backups().directory / run / f"{HARBOR}.zone").read_text()


def test_a_backup_can_be_read_as_a_zone_file() -> None:
    run = published(provider(harbor()), HARBOR, FLEET)
    text = text_of(run)

    assert f"zone_restore={run}" in text
    assert "; harbor.example. had no MX" in text
    (found,) = dns.zonefile.read_rrsets(text, rdclass=None)
    assert found.to_text() == (
        'harbor.example. 300 IN TXT "site-verification=1f3a"\n'
        'harbor.example. 300 IN TXT "v=spf1 include:_spf.faraway.example ~all"'
    )


def test_only_the_operator_can_read_a_backup() -> None:
    run = published(provider(harbor()), HARBOR, FLEET)
    files = [
        Backups().directory,
        *(Backups().directory / run).rglob("*"),
        Backups().directory / run,
    ]

    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files)


def test_each_run_that_writes_has_its_own_id_and_others_have_none() -> None:
    zone = harbor()
    source = provider(zone)
    first = published(source, HARBOR, FLEET)
    idle = Backups()
    apply(planned(source, HARBOR, FLEET), idle.keep)
    second = published(source, HARBOR, fleet_of(HARBOR, 1, 2))

    assert idle.run is None
    assert Backups().runs() == [first, second]


def test_nothing_is_written_without_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    zone = harbor()

    with pytest.raises(
        MailError, match=r"its backup cannot be written .*Not a directory.*nothing was"
    ):
        apply(planned(provider(zone), HARBOR, FLEET), Backups().keep)
    assert zone == harbor()


ODD = ('"a\\"b"', '""', '"x; y;z"', f'"{"k" * 255}" "{"k" * 99}"')


def unordered(zone: RecordSets) -> dict[tuple[str, str], tuple[int, list[str]]]:
    return {key: (ttl, sorted(values)) for key, (ttl, values) in zone.items()}


def test_a_zone_is_restored_exactly() -> None:
    zone = harbor() | {(HARBOR, "TXT"): (77, ODD), MX: (60, ("5 mx.faraway.example.",))}
    before = unordered(zone)
    source = provider(zone)
    run = published(source, HARBOR, FLEET)

    back = restored(source, run)

    assert unordered(zone) == before
    assert "- TXT _dmarc.harbor.example" in "\n".join(map(str, back.changes))
    assert restored(source, run).changes == ()


def test_a_record_changed_since_is_named_and_stays_unless_overwrite_is_set() -> None:
    zone = harbor()
    source = provider(zone)
    run = published(source, HARBOR, FLEET)
    zone[MX] = (3600, ("10 mx.faraway.example.",))

    back = restored(source, run)

    assert back.notes == (
        (
            "harbor.example: somebody has changed MX harbor.example since the run wrote it, so it "
            "stays; to overwrite it, restore the run with --data zone_overwrite=yes"
        ),
    )
    assert zone == harbor() | {MX: (3600, ("10 mx.faraway.example.",))}
    restored(source, run, overwrite=True)
    assert zone == harbor()


def test_an_unknown_run_is_reported_with_the_latest_ones() -> None:
    run = published(provider(harbor()), HARBOR, FLEET)

    with pytest.raises(
        MailError, match=rf"no run '20200101T000000Z' has .* the latest runs are: {run}"
    ):
        Backups().of("20200101T000000Z")
