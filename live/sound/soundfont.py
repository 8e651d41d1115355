"""Soundfonts, played and rendered with FluidSynth (extra `soundfont`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live.sound import SoundError

FOLDERS = (
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
    "~/.local/share/soundfonts",
    "~/.local/share/sounds/sf2",
    "/Library/Audio/Sounds/Banks",
    "~/Library/Audio/Sounds/Banks",
    "C:/soundfonts",
    "C:/ProgramData/soundfonts",
    "~/Music/SoundFonts",
)
"""Common folders of soundfonts."""

_GAIN = 1.0
_SILENT = 2e-4


def find() -> Path | None:
    """The default soundfont of the system, otherwise the largest one found, or None."""
    found = [
        path
        for folder in map(Path, map(os.path.expanduser, FOLDERS))
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".sf2", ".sf3") and path.is_file()
    ]
    return max(found, key=lambda path: (path.name.lower().startswith("default"), path.stat().st_size), default=None)


class Fluid:
    """FluidSynth with one soundfont, silent until `start` or `samples` is called.

    Raises SoundError if the file, the library or the extra is missing.
    """

    def __init__(self, soundfont: Path, rate: int = 44100) -> None:
        if not soundfont.is_file():
            raise SoundError(f"{soundfont}: no such soundfont")
        library = _library()
        self.name = f"soundfont {soundfont.name}"
        self._library = library
        self._heard = False
        self._synth: Any = library.Synth(
            gain=_GAIN, samplerate=float(rate), channels=16, **{"synth.dynamic-sample-loading": 1}
        )
        if self._synth.sfload(str(soundfont), 1) < 0:
            self.close()
            raise SoundError(f"{soundfont} is not a soundfont that FluidSynth can read")

    def start(self, driver: str = "") -> None:
        """Starts to play, through FluidSynth's default driver or the named one.

        Raises SoundError if no sound device can be opened.
        """
        for name, value in (("audio.driver", driver), ("audio.period-size", 256), ("audio.periods", 3)):
            if value:
                self._synth.setting(name, value)
        # Not the start() of the synthesiser, which would also open a MIDI input.
        self._synth.audio_driver = self._library.new_fluid_audio_driver(self._synth.settings, self._synth.synth)
        if not self._synth.audio_driver:
            raise SoundError("FluidSynth cannot open a sound device")

    def send(self, data: bytes) -> None:
        """Plays one MIDI message; ignores unknown ones."""
        if len(data) not in (2, 3) or not 0x80 <= data[0] < 0xF0 or max(data[1:]) > 127:
            return
        channel, number, value = data[0] & 15, data[1], data[-1]
        match data[0] >> 4, len(data):
            case 0x9, 3 if value > 0:
                self._heard = True
                self._synth.noteon(channel, number, value)
            case ((0x8 | 0x9), 3):
                self._synth.noteoff(channel, number)
            case 0xB, 3:
                self._synth.cc(channel, number, value)
            case 0xC, 2:
                self._synth.program_change(channel, number)
            case 0xE, 3:
                self._synth.pitch_bend(channel, (number | value << 7) - 8192)

    def samples(self, count: int) -> NDArray[np.float32]:
        """The next samples, [count, 2], full scale 1, for offline use."""
        out = np.asarray(self._synth.get_samples(count), np.float32).reshape(-1, 2) / np.float32(32768.0)
        self._heard = bool(np.abs(out).max(initial=0.0) > _SILENT)
        return out

    def sounding(self) -> bool:
        """Whether the last `samples`, with reverberation, were not silent, or a note was struck since then."""
        return self._heard

    def alive(self) -> bool:
        """Whether it can be played."""
        return self._synth is not None

    def close(self) -> None:
        """Ends all notes and closes the device."""
        if self._synth is not None:
            self._synth.delete()
            self._synth = None


def _library() -> ModuleType:
    try:
        import fluidsynth
    except ModuleNotFoundError:
        raise SoundError('soundfonts need the extra: pip install "arabesque[soundfont]"') from None
    except (ImportError, OSError, AttributeError) as error:
        how = {"darwin": "brew install fluid-synth", "win32": "choco install fluidsynth"}.get(
            sys.platform, "apt install libfluidsynth3, or the like"
        )
        raise SoundError(f"soundfonts need the FluidSynth library on this machine ({how}): {error}") from None
    module: ModuleType = fluidsynth
    return module
