"""Names of files made from names of things: safe on every disk, of bounded length, and never two alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

__all__ = ["file_name", "file_names"]

_MOST = 200  # bytes; a disk takes 255, and endings and the names of hidden folders come on top
_UNSAFE = re.compile(r'[.<>:"/\\|?*]')


def file_name(what: Iterable[str], *, apart: bool = False) -> str:
    """Return the name of the file for a thing, without an ending; a long name is cut and ends in a hash of the whole.

    Parameters
    ----------
    what : iterable of str
        Its kind and names.
    apart : bool
        Add the hash in any case.

    Examples
    --------
    >>> file_name(["fan", "attacks.*"])
    'fan-attacks-all'
    """
    parts = list(what)
    whole = unicodedata.normalize("NFC", "-".join(part.replace(".*", "-all") for part in parts))
    safe = "".join("-" if _UNSAFE.match(c) or unicodedata.category(c)[0] == "C" else c for c in whole)
    if not apart and len(safe.encode()) <= _MOST:
        return safe
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{safe.encode()[: _MOST - 9].decode(errors='ignore')}-{digest}"


def file_names(things: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return each thing under the name of its file, in their order; those that a disk could take for one get a hash.

    A disk may not tell capitals from small letters, nor two ways to write an accent.

    Examples
    --------
    >>> list(file_names([("fan", "a.b"), ("fan", "A-b"), ("fan", "c")]))
    ['fan-a-b-09fa02df', 'fan-A-b-cbcaba55', 'fan-c']
    """
    given = list(dict.fromkeys(things))
    seen = Counter(_folded(file_name(what)) for what in given)
    return {file_name(what, apart=seen[_folded(file_name(what))] > 1): what for what in given}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())
