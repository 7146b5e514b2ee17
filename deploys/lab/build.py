"""Making base images, side by side."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..run.threads import in_parallel
from .images import Image, Mirrors
from .work import CORES, run


def bootstrap(images: Sequence[Image], mirrors: Mirrors) -> None:
    """Make the images that start from nothing."""
    in_parallel(lambda image: _bootstrap(image, mirrors), images, CORES)


def _bootstrap(image: Image, mirrors: Mirrors) -> None:
    with TemporaryDirectory(prefix="pyinfra-mail-image-") as directory:
        archive = Path(directory) / "root.tar"
        run(image.bootstrap(archive, mirrors))
        run(image.load(archive))


def add(images: Sequence[Image]) -> None:
    """Make the images that add to one of those."""
    in_parallel(lambda image: run(image.addition()), images, CORES)
