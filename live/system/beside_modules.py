"""Python modules in the folder of a patch: importable while the patch is loaded, and reloaded with it."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = frozenset(("live", "models", "patches"))
"""Packages that are never reloaded, even if a patch is in the same folder."""
_reading = threading.RLock()


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Lets `import NAME` find NAME.py and NAME/ in a folder, after all installed packages.

    Modules imported from the folder before are removed, so that they are read again. No bytecode is written, since it
    counts as current for up to a second after a change, and a reload may be faster.
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
    """The modules imported from the folder, including packages in it, by name."""
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
