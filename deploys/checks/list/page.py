"""Result of a list as an HTML page, without other files, without network and without addresses."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from .. import page
from .result import ListResult


def render(result: ListResult) -> str:
    """Return the page."""
    return _environment().get_template("list.html.j2").render(result=result)


@cache
def _environment() -> Environment:
    loaders = [PackageLoader(package, ".") for package in (__package__, page.__name__)]
    return Environment(
        loader=ChoiceLoader(loaders),  # the style is that of the report
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
