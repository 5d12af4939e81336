"""An option of Auto-PyTorch 0.0.2, and what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["OldOption", "ignored"]


@dataclass(frozen=True)
class OldOption:
    """An option of Auto-PyTorch 0.0.2.

    Attributes
    ----------
    name : str
    default : object
        That of its classification, without a preset.
    fate : {"kept", "translated", "ignored"}
        Kept under its name, translated to other options, or ignored with a note in the log.
    why : str
        Why nothing is lost if it is ignored.
    values : tuple, optional
        Values that are ignored; default: all.
    translate : callable, optional
        Maps a value to options; an empty mapping has no effect, and is noted in the log.
    """

    name: str
    default: Any
    fate: Literal["kept", "translated", "ignored"] = "kept"
    why: str = ""
    values: tuple[Any, ...] | None = None
    translate: Callable[[Any], Mapping[str, Any]] | None = None


def ignored(name: str, default: Any, why: str, values: tuple[Any, ...] | None = None) -> OldOption:
    """Describe an option that is ignored, with these values or with all."""
    return OldOption(name, default, "ignored", why, values)
