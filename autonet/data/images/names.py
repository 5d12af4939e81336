"""Names of image files and of CSV files."""

import os
from typing import Any

__all__ = ["ENDINGS", "HIDDEN", "is_image_name", "is_table"]

# Those of formats that Pillow cannot read without a plugin are images, too, so that they are not left out in silence.
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".apng", ".avif"),
    *(".heic", ".heif", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".tga"),
)
# How names of files begin that systems put beside images.
HIDDEN = (".", "__MACOSX")
# How names of files of paths and labels end.
TABLES = (".csv", ".tsv", ".txt")


def is_image_name(name: Any) -> bool:
    """Return whether a name has the ending of an image file."""
    return isinstance(name, str) and name.lower().endswith(ENDINGS)


def is_table(path: str | os.PathLike[str]) -> bool:
    """Return whether there is a file with the ending of a CSV file."""
    return os.fspath(path).lower().endswith(TABLES) and os.path.isfile(path)  # noqa: PTH113 - a long name may raise
