"""Forms of issues, and the hooks before a commit: their fields, and the programs that they run."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FORMS = ROOT / ".github/ISSUE_TEMPLATE"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def hooks() -> list[dict[str, Any]]:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    found: list[dict[str, Any]] = repository["hooks"]
    assert repository["repo"] == "local"  # nothing of others is downloaded
    return found


def fields(form: str) -> dict[str, bool]:
    """Return the fields of a form, and whether each has to be filled in."""
    return {
        one["id"]: bool(one.get("validations", {}).get("required"))
        for one in read(FORMS / form)["body"]
        if "id" in one
    }


def test_a_bug_report_has_to_have_version_and_plan() -> None:
    found = fields("bug.yml")

    assert {name for name, required in found.items() if required} == {
        *("version", "systems", "command", "plan")
    }
    (redacted,) = [one for one in read(FORMS / "bug.yml")["body"] if one.get("id") == "redacted"]
    assert [one["required"] for one in redacted["attributes"]["options"]] == [True]


def test_a_feature_has_a_problem_before_its_proposal() -> None:
    assert list(fields("feature.yml"))[:2] == ["problem", "proposal"]


@pytest.mark.parametrize("form", ["bug.yml", "feature.yml", "security.yml"])
def test_a_form_has_what_its_site_requires(form: str) -> None:
    found = read(FORMS / form)

    assert all(found[key] for key in ("name", "description", "body"))
    for one in found["body"]:
        assert one["type"] in {"markdown", "input", "textarea", "dropdown", "checkboxes"}
        assert "label" in one["attributes"] or one["type"] == "markdown"


def test_a_vulnerability_is_led_to_the_security_page_and_has_no_place_for_details() -> None:
    form = (FORMS / "security.yml").read_text()

    assert read(FORMS / "config.yml") == {"blank_issues_enabled": False}
    assert "SECURITY.md" in form
    assert {one["type"] for one in read(FORMS / "security.yml")["body"]} == {
        *("markdown", "checkboxes")
    }
    assert (ROOT / "SECURITY.md").exists()


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: str(hook["id"]))
def test_a_hook_runs_from_the_environment_of_the_clone(hook: dict[str, Any]) -> None:
    program, *arguments = shlex.split(hook["entry"])

    assert (program, hook["language"]) == (".venv/bin/python", "system")
    for one in arguments:
        assert not one.startswith("tests/") or (ROOT / one).exists()
