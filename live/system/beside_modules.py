"""Python modules that lie in the folder of a patch: found while the patch is read, and read anew with it."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = frozenset(("live", "models", "patches"))
"""Packages that are never read anew, even where a patch lies beside them."""
_reading = threading.RLock()


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Lets `import NAME` find NAME.py and NAME/ in a folder, after everything that is installed.

    What was imported from there before is forgotten, so that it is read as it is saved now. No bytecode is written: it
    is taken as current for a second after a change, and a reload may be faster than that.
    """
    with _reading:
        place, writes = str(folder.resolve()), sys.dont_write_bytecode
        tops = {name for name in modules_in(folder) if "." not in name}
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
        importlib.invalidate_caches()
        sys.path.append(place)
        sys.dont_write_bytecode = True
        try:
            yield
        finally:
            sys.dont_write_bytecode = writes
            sys.path.remove(place)


def modules_in(folder: Path) -> dict[str, Path]:
    """The modules imported from the folder, the packages that lie in it included, by their names."""
    folder, found = folder.resolve(), {}
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        file = getattr(module, "__file__", None)
        if file is None or top in OURS or name == "__main__":
            continue
        path = Path(file)
        if path in (folder / f"{top}.py", folder / top / "__init__.py") or folder / top in path.parents:
            found[name] = path
    return found
