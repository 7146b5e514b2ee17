"""Making base images, side by side."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .images import Image, Mirrors
from .work import each, run


def bootstrap(images: Sequence[Image], mirrors: Mirrors) -> None:
    """Make the images that start from nothing."""
    each(lambda image: _bootstrap(image, mirrors), images)


def _bootstrap(image: Image, mirrors: Mirrors) -> None:
    with TemporaryDirectory(prefix="pyinfra-mail-image-") as directory:
        archive = Path(directory) / "root.tar"
        run(image.bootstrap(archive, mirrors))
        run(image.load(archive))


def add(images: Sequence[Image]) -> None:
    """Make the images that add to one of those."""
    each(lambda image: run(image.addition()), images)
