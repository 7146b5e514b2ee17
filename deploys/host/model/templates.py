"""Templates: the path of a template is the path of its file on the host."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...mail.toolkit import TEMPLATES


def render(path: str, **values: object) -> str:
    """Return the text of a host's file, rendered from its template."""
    text = _environment().get_template(f"{path.lstrip('/')}.j2").render(values)
    return text.rstrip() + "\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - these are configuration files, not pages
        trim_blocks=True,
        keep_trailing_newline=True,
    )
