"""rspamd's files against golden ones, and with the operator's own settings."""

from pathlib import Path
from typing import Any

import pytest

from deploys.host.dkim.signing_table import SigningKey
from deploys.host.services import redis, registry, rspamd
from deploys.host.services.plan_input import plan_input
from deploys.host.services.rspamd import joined, setting
from tests.conftest import Golden
from tests.host.found import bare, settings

GOLDEN = Path(__file__).parent / "golden" / "rspamd"  # and, in folders, what settings change
TEMPLATES = Path(__file__).parents[2] / "templates/etc/rspamd/local.d"
ACCOUNT: dict[str, Any] = {
    "mail_accounts": {"postmaster@harbor.example": {"password": "$6$" + "a" * 8 + "$" + "b" * 86}}
}
FILTERED: dict[str, Any] = ACCOUNT | {
    "mail_filter": {"dmarc_except": ["lists.example.net", "192.0.2.0/24", "2001:db8:7::/48"]},
    "mail_aliases": {"away": "anna@elsewhere.example", "@harbor.example": "bert@elsewhere.example"},
}
SIGNS = {"harbor.example": (SigningKey("mx1-rsa", "/mx1-rsa.key"),)}


def written(**own: Any) -> dict[str, str]:
    """Return the files of a host's rspamd by their names."""
    chosen = settings(**own)
    service = rspamd.service(chosen, plan_input(chosen, bare()))
    files = {Path(file.path).name: file.content for file in service.files}
    text = rspamd.render_local(chosen, "dkim_signing.conf", SIGNS, (3, 4))
    return files | {"dkim_signing.conf": text}


@pytest.mark.parametrize(
    ("folder", "own"),
    [
        ("signing", ACCOUNT | {"mail_account_rate": "100/1h"}),
        ("scanning", {"mail_scan_outbound": True}),
        ("judging", FILTERED),
    ],
)
def test_a_host_is_configured_as_the_golden_files_say(
    folder: str, own: dict[str, Any], golden: Golden
) -> None:
    files = written(**own)
    common = {path.name for path in GOLDEN.iterdir() if path.is_file()}

    assert files.pop("encoding.lua") == (TEMPLATES / "encoding.lua.j2").read_text()
    for name, text in files.items():
        golden(f"rspamd/{name}" if name in common else f"rspamd/{folder}/{name}", text)
    assert files.keys() == common | {path.name for path in (GOLDEN / folder).iterdir()}


def test_the_from_header_is_checked_if_there_are_accounts() -> None:
    account = {"password": "$6$" + "a" * 8 + "$" + "b" * 86}
    files = written(
        mail_aliases={"anna": "root"},
        mail_accounts={"postmaster@harbor.example": account | {"senders": "anna@harbor.example"}},
    )

    own = "[ [[postmaster@harbor.example]] ] = { [ [[anna@harbor.example]] ] = true, },"
    assert own in files["rspamd.lua"]
    assert '"symbols_enabled": [\n      "FORGED_AUTHOR",' in files["settings.conf"]
    assert "FORGED_AUTHOR" not in "".join(written().values())


@pytest.mark.parametrize(
    ("own", "off", "on"),
    [
        ({"mail_filter": True}, ("dmarc", "greylist", "neural", "rbl"), ("arc", "regexp")),
        ({"mail_filter": {"outside": True}}, ("dmarc", "neural"), ("rbl", "fuzzy_check", "mid")),
        ({"mail_filter": {"greylist": 4}}, ("rbl",), ("greylist",)),
        ({"mail_filter": True, "mail_scan_outbound": True}, ("dmarc",), ("rbl", "neural")),
        (
            {"mail_filter": True, "mail_rspamd": {"neural.conf": {"enabled": True}}},
            ("rbl",),
            ("neural",),
        ),
    ],
)
def test_a_module_that_asks_others_is_off_unless_it_is_asked_for(
    own: dict[str, Any], off: tuple[str, ...], on: tuple[str, ...]
) -> None:
    loaded = written(**own)["rspamd.conf.local.override"]

    assert [one for one in (*off, *on) if f"\n{one} {{ enabled = false; }}" in loaded] == [*off]
    asks = "mail_scan_outbound" in own or "outside" in str(own)
    assert ("${CONFDIR}/maps.d" in loaded) != asks


def test_results_of_reports_do_not_take_the_names_of_the_judgement() -> None:
    reporting = {"mail_send_reports": ["dmarc"]}

    assert "symbols = {" not in written(**reporting)["dmarc.conf"]
    assert '"allow": "REPORTED_ALLOW"' in written(**reporting, mail_filter=True)["dmarc.conf"]
    assert "NONE" not in written(**reporting, mail_filter=True)["milter_headers.conf"]


def test_spam_is_forwarded_only_if_it_is_asked_for() -> None:
    away = {"mail_aliases": {"away": "anna@elsewhere.example"}}

    assert "[ [[away@harbor.example]] ] = true," in written(**away, mail_filter=True)["rspamd.lua"]
    asked = {"mail_filter": {"forward_spam": True}}
    assert "SPAM_FORWARD" not in written(**away, **asked)["rspamd.lua"]
    assert "SPAM_FORWARD" not in written(mail_filter=True)["rspamd.lua"]


@pytest.mark.parametrize(
    ("release", "own", "said"),
    [("12", True, True), ("13", True, False), ("12", False, False)],
)
def test_an_old_rspamd_that_reads_mail_of_others_is_named(
    release: str,
    own: bool,  # noqa: FBT001
    said: bool,  # noqa: FBT001
) -> None:
    chosen = settings(mail_filter=own)
    notices = list(registry.notices(chosen, plan_input(chosen, bare(release))))

    assert [one.partition(" gets no")[0] for one in notices] == (
        ["rspamd 3.4 of Debian 12"] if said else []
    )


def test_own_settings_are_merged_with_ours_and_marked() -> None:
    text = written(mail_rspamd={"worker-proxy.inc": {"upstream": {"local": {"x": 1}}, "count": 4}})

    proxy = text["worker-proxy.inc"]
    assert '# mail_rspamd["worker-proxy.inc"]:\nupstream = {' in proxy
    assert '"self_scan": true,\n    "x": 1' in proxy
    assert proxy.endswith("count = 4;\n")


def test_a_file_that_only_the_operator_has_is_written_and_its_module_is_on() -> None:
    files = written(mail_rspamd={"multimap.conf": {"friends": {"type": "from"}}})

    assert 'friends = {\n  "type": "from"\n};' in files["multimap.conf"]
    assert "multimap {" not in files["rspamd.conf.local.override"]


def test_content_is_encoded_before_the_signature_unless_the_operator_says_no() -> None:
    files, plain = written(), written(mail_encode=False)

    assert files["settings.conf"].count('"ENCODED",\n      "DKIM_SIGNED"') == 2
    assert "encoding.lua" in files["rspamd.lua"]
    assert "encoding.lua" in files
    assert "encoding.lua" not in plain
    assert "ENCODED" not in "".join(plain.values())


@pytest.mark.parametrize(("release", "kept"), [("12", True), ("13", False)])
def test_an_old_rspamd_leaves_large_messages_as_they_are(release: str, kept: bool) -> None:  # noqa: FBT001
    chosen = settings()
    files = rspamd.service(chosen, plan_input(chosen, bare(release))).files
    rules = next(file.content for file in files if file.path.endswith("/rspamd.lua"))

    assert ("task:get_size() >= 2097152" in rules) == kept


@pytest.mark.parametrize(("release", "kept"), [("12", False), ("13", True)])
def test_a_new_rspamd_answers_open_sessions_for_two_minutes_after_a_reload(
    release: str,
    kept: bool,  # noqa: FBT001
) -> None:
    chosen = settings()
    files = rspamd.service(chosen, plan_input(chosen, bare(release))).files
    options = next(file.content for file in files if file.path.endswith("/options.inc"))

    assert ("task_timeout = 60s;" in options) == kept


def test_redis_runs_if_a_rate_is_counted() -> None:
    def names(**own: Any) -> list[str]:
        chosen = settings(**own)
        given = plan_input(chosen, bare())
        return [one.query.name for one in registry.services(chosen, given)]

    assert redis.NAME not in names()
    assert redis.NAME not in names(**ACCOUNT, mail_account_rate="")
    assert names(**ACCOUNT).index("redis") < names(**ACCOUNT).index("rspamd")


@pytest.mark.parametrize(
    ("ours", "own", "both"),
    [
        ({"a": 1, "b": {"c": 1}}, {"b": {"d": 2}}, {"a": 1, "b": {"c": 1, "d": 2}}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ([1], [2], [2]),
        (True, False, False),
    ],
)
def test_two_objects_are_joined_and_other_values_replaced(
    ours: object, own: object, both: object
) -> None:
    assert joined(ours, own) == both


def test_values_are_written_as_rspamd_reads_them() -> None:
    assert setting("name", 'it\'s "so"') == 'name = "it\'s \\"so\\"";'
    assert setting("reject", None) == "reject = null;"
    assert setting("enabled", value=False) == "enabled = false;"
    assert setting("dns", {"timeout": "1s"}) == 'dns = {\n  "timeout": 1s\n};'
    assert setting("greeting", "10s and more") == 'greeting = "10s and more";'
