"""The toolkit itself, in a clone; tests/package has it installed."""

from pathlib import Path

import pytest

import deploys
from deploys.mail import toolkit
from deploys.mail.settings.mistakes.cross_checks import version_mistakes

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("deploy", ["certificates", "hosts", "site", "timer", "verify", "zone"])
def test_a_deploy_of_the_clone_is_run_by_its_entry_script(deploy: str) -> None:
    assert toolkit.deploy_argument(deploy) == f"deploys/{deploy}.py"
    assert (ROOT / toolkit.deploy_argument(deploy)).is_file()


def test_the_templates_of_the_clone_are_beside_its_package() -> None:
    assert ROOT / "templates" == toolkit.TEMPLATES


def test_the_version_is_public() -> None:
    assert deploys.__version__ == toolkit.VERSION


def test_an_inventory_that_needs_another_version_says_to_update_the_clone() -> None:
    (said,) = version_mistakes({"mx1": {"mail_requires": ">=99"}})

    assert said.endswith(f"{toolkit.FOLDER} has version {toolkit.VERSION}; update this clone")
