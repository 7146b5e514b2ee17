"""Rotation of DKIM keys on a host: made, signing, noted and deleted in a run."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from deploys.host.agent import dkim as agent
from deploys.host.dkim import keys
from deploys.host.dkim.rotation import Rotation
from deploys.host.dkim.state import DkimState, dkim_state
from deploys.host.model.desired import Key
from deploys.host.model.plan import preparation
from deploys.host.model.request import DkimRotation
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.services import rspamd
from deploys.host.services.plan_input import PlanInput, plan_input
from deploys.mail import dkim
from deploys.mail.dkim_rotation import DAY, UNCACHED
from deploys.mail.paths import DKIM_TABLE, dkim_history
from deploys.mail.settings import dkim_keys
from deploys.mail.settings.model import MailSettings
from tests.host.found import bare
from tests.host.found import settings as own

NOW = 1000 * DAY
DOMAIN, HOSTNAME = "harbor.example", "mx1.harbor.example"
FIRST, SECOND = ("mx1-rsa", "mx1-ed25519"), ("mx1-2-rsa", "mx1-2-ed25519")
Times = Mapping[int, Mapping[str, float]]

CURRENT = {"signing": NOW - 200 * DAY}
RETIRED = {"signing": NOW - 400 * DAY, "retired": NOW - 7 * DAY}


@dataclass(frozen=True)
class Known:
    """A host, and the records that the controller sees."""

    existing: Existing
    seen: tuple[str, ...] = ()

    def given(self, settings: MailSettings) -> PlanInput:
        return plan_input(settings, self.existing, lambda *_: self.seen)

    def dkim(self, settings: MailSettings) -> DkimState:
        return self.given(settings).dkim


def settings(rotate: str = "", **data: Any) -> MailSettings:
    return own(mail_dkim_rotate=rotate, **data)


def host(
    times: Times, *slots: int, signs: tuple[str, ...] = (), seen: tuple[str, ...] = ()
) -> Known:
    """Return a host with keys in some slots, a table of those that sign, and records there."""
    paths = [dkim_keys.path(settings(), slot, name) for slot in slots for name in dkim.ALGORITHMS]
    table = {
        domain: {"selectors": [{"selector": one, "path": f"/{one}.key"} for one in signs]}
        for domain in (DOMAIN, HOSTNAME)
    }
    file = {
        "sha256": "",
        "content": base64.b64encode(f"domain = {json.dumps(table, indent=2)};".encode()).decode(),
        "mode": 0o644,
        "owner": "root",
        "group": "root",
    }
    found = asdict(bare())
    found["services"]["rspamd"]["files"][DKIM_TABLE] = file if signs else None
    existing = decode(
        Existing,
        found
        | {
            "keys": dict.fromkeys(keys.key_paths(settings())) | dict.fromkeys(paths, "UlNB"),
            "histories": {dkim_history(settings().selector_base): times},
            "clock": NOW,
        },
    )
    return Known(existing, names(*seen))


def names(*selectors: str) -> tuple[str, ...]:
    return tuple(
        dkim.record_name(one, domain) for one in selectors for domain in (DOMAIN, HOSTNAME)
    )


def made(settings: MailSettings, host: Known) -> list[str]:
    """Return the selectors of the keys that a run makes."""
    service = rspamd.service(settings, host.given(settings))
    changes = [one.subject for one in preparation([service], host.existing) if one.verb == "create"]
    return [Path(path).stem for path in changes]


def signs(settings: MailSettings, host: Known) -> list[str]:
    table = host.dkim(settings).signs
    assert table[DOMAIN] == table[HOSTNAME]
    return [key.selector for key in table[DOMAIN]]


def test_new_keys_are_made_when_the_current_ones_are_old_enough() -> None:
    young = host({1: CURRENT}, 1, signs=FIRST)

    assert made(settings("300d"), young) == []
    assert made(settings("180d"), young) == list(SECOND)
    assert made(settings("now"), young) == list(SECOND)
    assert made(settings("now"), host({1: CURRENT}, 1, 2, signs=FIRST)) == []


def test_current_keys_sign_until_every_record_of_the_next_ones_is_seen() -> None:
    some = host({1: CURRENT}, 1, 2, signs=FIRST, seen=("mx1-2-rsa",))
    all_of_them = host({1: CURRENT}, 1, 2, signs=FIRST, seen=SECOND)

    assert signs(settings(), some) == list(FIRST)
    assert some.dkim(settings()).rotation == Rotation()
    assert signs(settings(), all_of_them) == list(SECOND)
    assert all_of_them.dkim(settings()).rotation.histories == {
        dkim_history(settings().selector_base): {
            "1": CURRENT | {"retired": NOW},
            "2": {"signing": NOW},
        }
    }


def test_a_later_run_notes_the_keys_that_an_interrupted_run_let_sign() -> None:
    known = host({1: CURRENT}, 1, 2, signs=SECOND)

    (change,) = known.dkim(settings()).rotation.changes

    assert signs(settings(), known) == list(SECOND)
    assert str(change) == ("note /var/lib/pyinfra-mail/dkim/mx1.json (times of the DKIM keys)")


@pytest.mark.parametrize("seen", [False, True])
def test_keys_in_a_used_slot_wait_until_caches_have_dropped_the_old_record(*, seen: bool) -> None:
    since = {"seen": NOW - UNCACHED} if seen else {}
    waiting = host({1: {"revoked": 0} | since, 2: CURRENT}, 1, 2, signs=SECOND, seen=FIRST)

    assert signs(settings(), waiting) == list(FIRST if seen else SECOND)
    (times,) = waiting.dkim(settings()).rotation.histories.values()
    assert times["1"] == ({"signing": NOW} if seen else {"revoked": 0, "seen": NOW})


def test_retired_keys_are_deleted_while_current_records_are_on_every_server() -> None:
    seen = host({1: RETIRED, 2: CURRENT}, 1, 2, signs=SECOND, seen=SECOND)
    unseen = host({1: RETIRED, 2: CURRENT}, 1, 2, signs=SECOND, seen=SECOND[:1])

    turn = seen.dkim(settings()).rotation

    assert [Path(path).stem for path in turn.deleted] == list(FIRST)
    assert list(turn.histories.values()) == [{"1": {"revoked": NOW}, "2": CURRENT}]
    assert [change.verb for change in turn.changes] == ["delete", "delete", "note"]
    assert unseen.dkim(settings()).rotation == Rotation()
    assert seen.dkim(settings(mail_dns={"class": "powerdns"})).waiting == ()
    assert seen.dkim(settings()).waiting[0] == (
        "mx1-rsa._domainkey.harbor.example: no mail needs this DKIM key any more; publish: "
        '"v=DKIM1; k=rsa; p="'
    )
    assert signs(settings(), seen) == list(SECOND)
    assert made(settings(), seen) == []


def test_records_of_current_keys_are_looked_up_before_retired_keys_are_deleted() -> None:
    asked: list[str] = []

    def seen(_: MailSettings, records: Mapping[str, str]) -> list[str]:
        asked.extend(records)
        return list(records)

    dkim_state(settings(), host({1: RETIRED, 2: CURRENT}, 1, 2, signs=SECOND).existing, seen)

    assert sorted(asked) == sorted(names(*SECOND))


LOST = (
    "/var/lib/pyinfra-mail/dkim/mx1-rsa.key and /var/lib/pyinfra-mail/dkim/mx1-ed25519.key signed "
    "and cannot be read, so outgoing mail waits until every name server has the records of the "
    "next keys: {todo}, or put back the file from a backup"
)


@pytest.mark.parametrize("times", [{1: CURRENT}, {}])
def test_the_next_keys_follow_lost_ones_and_the_run_says_that_mail_waits(times: Times) -> None:
    """The times may be lost with the keys; the signing table tells which keys these were."""
    lost, made_again = host(times, signs=FIRST), host(times, 2, signs=FIRST)
    known = host(times, 2, signs=FIRST, seen=SECOND)
    by_hand, automatic = "publish the records of the next keys", "run deploys/site.py"

    assert made(settings(), lost) == list(SECOND)
    assert lost.dkim(settings()).waiting == (LOST.format(todo=by_hand),)
    assert lost.dkim(settings()).lost == lost.dkim(settings()).waiting
    assert made_again.dkim(settings(mail_dns={"class": "powerdns"})).waiting[:2] == (
        LOST.format(todo=automatic),
        (
            "harbor.example: mail waits for the DKIM signature mx1-2-rsa; publish: "
            'mx1-2-rsa._domainkey.harbor.example. TXT "v=DKIM1; k=rsa; p=UlNB"'
        ),
    )
    assert signs(settings(), made_again) == list(FIRST)
    assert signs(settings(), known) == list(SECOND)
    assert known.dkim(settings()).waiting == known.dkim(settings()).lost == ()


def test_a_host_without_changes_looks_up_and_notes_nothing() -> None:
    still = host({1: CURRENT}, 1, signs=FIRST)
    asked: dict[str, str] = {}

    def seen(_: MailSettings, records: Mapping[str, str]) -> list[str]:
        asked.update(records)
        return []

    dkim_state(settings(), still.existing, seen)
    assert asked == {}
    assert still.dkim(settings()).rotation == Rotation()
    assert still.dkim(settings()).waiting == ()


def test_each_missing_cname_of_a_delegated_domain_has_a_sentence() -> None:
    delegated = settings(mail_domains=[], mail_dkim_cname="keys.example.net")
    known = host({1: CURRENT}, 1, signs=FIRST)

    sentences = known.dkim(delegated).waiting

    name = "mx1-2-rsa._domainkey.mx1.harbor.example"
    assert sentences[0] == (
        f"{name}: this CNAME is missing, and later keys need it; publish once: "
        f"{name}. CNAME {name}.keys.example.net."
    )
    assert len(sentences) == 2


@pytest.mark.parametrize(
    ("seen", "record"),
    [
        ((), 'mx1-rsa._domainkey.mx1.harbor.example.keys.example.net. TXT "v=DKIM1; k=rsa; p='),
        (
            ("mx1-rsa._domainkey.mx1.harbor.example.keys.example.net",),
            "mx1-rsa._domainkey.mx1.harbor.example. CNAME mx1-rsa._domainkey.mx1.harbor.example.k",
        ),
    ],
)
def test_a_delegated_key_lacks_its_record_or_its_cname(seen: tuple[str, ...], record: str) -> None:
    delegated = settings(mail_domains=[], mail_dkim_cname="keys.example.net")
    fresh = Known(host({}, 1).existing, seen)

    assert (
        f"without the DKIM signature mx1-rsa; publish: {record}" in fresh.dkim(delegated).waiting[0]
    )


def test_deleted_keys_leave_no_file_and_their_history_is_written_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.chown", lambda *_: None)
    key, history = tmp_path / "mx1-rsa.key", tmp_path / "mx1.json"
    agent.make_key(Key(str(key), "ed25519", "_rspamd"))
    left: list[list[str]] = []
    write = agent._write  # noqa: SLF001 - the moment that matters

    def watched(*arguments: Any) -> None:
        left.append(sorted(path.name for path in tmp_path.iterdir()))
        write(*arguments)

    monkeypatch.setattr(agent, "_write", watched)
    turn = DkimRotation((str(key),), {str(history): {"1": {"revoked": 5.5}}})
    agent.rotate_keys(turn)
    agent.rotate_keys(turn)

    assert left == [[], ["mx1.json"]]
    assert agent.history(str(history)) == {"1": {"revoked": 5.5}}


@pytest.mark.parametrize("text", [None, "", "{", "[]"])
def test_an_unreadable_history_is_empty(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "mx1.json"
    if text is not None:
        path.write_text(text)

    assert agent.history(str(path)) == {}
