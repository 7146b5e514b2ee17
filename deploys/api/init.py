"""A new inventory from a few answers: `pyinfra @local deploys/init.py`."""

import signal
from pathlib import Path

import click
from pyinfra import host, logger

from ..draft import files
from ..draft.answers import Draft, ProviderKeys, require_valid
from ..draft.questions import EXAMPLES, Questions
from ..mail.errors import MailError
from ..mail.toolkit import FOLDER, IN_CLONE
from ..run.arguments import deploy

INTERRUPTED = 130  # as a shell has it


@deploy
def init() -> None:
    """Ask for a host, its domains and their DNS, write the inventory, and end the run."""
    # pyinfra's own handler ends with status 0.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _write(Questions(host.data.dict()))
        status = 0
    except MailError as error:
        logger.error(f"--> {click.style('Nothing was written', 'red', bold=True)}: {error}")
        status = 1
    except (click.Abort, KeyboardInterrupt):
        logger.error(f"\n--> {click.style('Interrupted', 'red', bold=True)}: nothing was written")
        status = INTERRUPTED
    raise SystemExit(status)  # else pyinfra would ask if it may execute nothing


def _write(questions: Questions) -> None:
    questions.require_answers(EXAMPLES)
    name, addresses, domains = questions.host(), questions.addresses(), questions.domains()
    folder = _folder(domains[0])
    files.existing(folder)
    answers = Draft(name, addresses, domains, questions.dns(_providers()))
    require_valid(answers)
    for sentence in files.write(folder, files.texts(answers)):
        logger.info(f"    {sentence}")
    logger.info("--> Next:")
    for line in files.next_steps(folder, answers):
        logger.info(f"    {line}")


def _folder(name: str) -> Path:
    given = host.data.get("folder")
    if given:
        return Path(str(given))
    in_clone = FOLDER.parent / "inventories" / name
    here = Path.cwd()
    if not IN_CLONE:
        return Path()
    return in_clone.relative_to(here) if in_clone.is_relative_to(here) else in_clone


def _providers() -> dict[str, ProviderKeys]:
    from ..zones.providers.catalogue import PROVIDERS  # noqa: PLC0415 - it loads octoDNS

    return {
        name: ProviderKeys(entry.plain_keys, entry.secret_keys)
        for name, entry in PROVIDERS.items()
        if entry.secret_keys
    }
