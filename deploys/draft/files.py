"""Files of a new inventory: in a clone a folder of its own, else a repository around it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..mail.errors import MailError
from ..mail.settings.secret import Secret, references
from ..mail.toolkit import IN_CLONE, PACKAGE, VERSION, deploy_argument
from .answers import BY_HAND, Draft

INVENTORY = ("inventory.py", "group_data/all.py", "group_data/mail.py")
_ALL = '''"""Connections to all hosts, and settings of the checks: docs/settings.md."""

ssh_user = "root"  # a user with sudo instead: its name, and _sudo = True
ssh_strict_host_key_checking = "yes"
'''
_HINTS = """
# Other recipients than postmaster@ and abuse@: docs/settings.md#receiving-and-relaying
# mail_aliases = {"info": "root"}

# Certificates of a public authority, over port 80: docs/settings.md#tls-and-certificates
# mail_tls = "acme"
"""


def texts(answers: Draft) -> Mapping[str, str]:
    """Return the text of each file by its name in the folder."""
    inventory = dict(zip(INVENTORY, (_inventory(answers), _ALL, _mail(answers)), strict=True))
    return inventory if IN_CLONE else {**inventory, **_repository(answers)}


def existing(folder: Path) -> None:
    """Raise MailError if an inventory is there already."""
    there = [str(folder / name) for name in INVENTORY if (folder / name).exists()]
    if there:
        raise MailError(
            f"a file that exists is not overwritten ({', '.join(there)}); write another folder, "
            "like --data folder=inventories/other"
        )


def write(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Write the files that do not exist, and yield a sentence for each."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8") as opened:
                opened.write(text)
        except FileExistsError:
            lines = ", ".join(line for line in text.splitlines() if line)
            yield f"{path} exists, and stays as it is; see that it has: {lines}"
        else:
            yield f"{path} is written"


def next_steps(folder: Path, answers: Draft) -> Iterator[str]:
    """Yield what remains for the operator, in its order."""
    for _, secret in references("mail_dns", answers.dns):
        if secret.kind == "env":
            yield f"export {secret.reference[0]}=..."
        else:
            yield f"# make sure that {secret.where} is readable"
    inventory = folder / INVENTORY[0]
    yield f"pyinfra {inventory} {deploy_argument('check')}"
    yield f"ssh root@{answers.host} true  # the host key: compare its fingerprint, then accept it"
    yield f"pyinfra {inventory} {deploy_argument('site') if IN_CLONE else 'deploy.py'} --dry --diff"


def _inventory(answers: Draft) -> str:
    return f'''"""Hosts by their role: docs/settings.md."""

mail = [
    (
        "{answers.host}",
        {{
            "mail_hostname": "{answers.host}",
            "mail_addresses": {_listed(answers.addresses)},
            "mail_domains": {_listed(answers.domains)},
        }},
    ),
]
'''


def _mail(answers: Draft) -> str:
    kinds = sorted({secret.kind for _, secret in references("", answers.dns)})
    imported = f"\nfrom {PACKAGE} import {', '.join(kinds)}\n" if kinds else ""
    return (
        '"""Settings of the mail hosts that differ from their defaults: docs/settings.md."""\n'
        f"{imported}\n# Provider of the zones: docs/providers.md. {_meaning(answers.dns)}\n"
        f"mail_dns = {_written(answers.dns)}\n{_HINTS}"
    )


def _meaning(dns: Mapping[str, Any] | None) -> str:
    if dns is None:
        return "None: no zone is changed."
    by_hand = dns["class"] == BY_HAND
    return "A run prints the records, and waits for them." if by_hand else "Secrets are references."


def _repository(answers: Draft) -> Mapping[str, str]:
    extra = "" if answers.dns is None else str(answers.dns["class"])
    extras = "" if extra in ("", BY_HAND) else f"[{extra}]"
    return {
        "deploy.py": f"from {PACKAGE} import site\n\nsite()\n",
        "config.py": f"from {PACKAGE} import check_first\n\ncheck_first()\n",
        "requirements.txt": f"pyinfra-mail{extras}=={VERSION}\n",
        ".gitignore": ".venv/\n__pycache__/\nreports/\n",
    }


def _written(value: object) -> str:
    """Return a value as Python that ruff would not change."""
    if isinstance(value, Secret):
        return f"{value.kind}{_listed(value.reference, '()')}"
    if isinstance(value, Mapping):
        lines = "".join(f'    "{key}": {_written(one)},\n' for key, one in value.items())
        return f"{{\n{lines}}}"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _listed(values: Sequence[str], brackets: str = "[]") -> str:
    return f"{brackets[0]}{', '.join(map(_quoted, values))}{brackets[1]}"


def _quoted(text: str) -> str:
    quoted = repr(text)
    return f'"{quoted[1:-1]}"' if quoted[0] == "'" and '"' not in text else quoted
