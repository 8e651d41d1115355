"""The built-in sound as a MIDI port, which the sender opens if there is no synthesiser."""

from __future__ import annotations

from pathlib import Path

from live.sound import SoundError
from live.sound.soundfont import Fluid, find
from live.sound.speaker import Speaker
from live.system.silence import silence_stderr


class SoundPort:
    """A MIDI port that plays sound.

    `soundfont` is an .sf2 or .sf3 file, which FluidSynth plays (needs the extra `soundfont`). With None a soundfont
    found on this machine is used, otherwise the built-in piano; with "" always the built-in piano. Raises SoundError if
    no sound device can be opened, or the named soundfont cannot be played.
    """

    def __init__(self, soundfont: str | None = None) -> None:
        with silence_stderr():
            self._instrument = _instrument(soundfont)
        self.name = self._instrument.name

    def send(self, data: bytes) -> None:
        """Plays one complete MIDI message, status byte first; ignores unknown ones."""
        self._instrument.send(data)

    def alive(self) -> bool:
        """Whether the sound device is open."""
        return self._instrument.alive()

    def close(self) -> None:
        """Ends all notes and closes the device."""
        self._instrument.close()


def _instrument(soundfont: str | None) -> Fluid | Speaker:
    if soundfont:
        return _started(Path(soundfont).expanduser())
    found = find() if soundfont is None else None
    if found is not None:
        try:
            return _started(found)
        except SoundError:
            pass  # the soundfont was not named by the user
    return Speaker()


def _started(soundfont: Path) -> Fluid:
    fluid = Fluid(soundfont)
    try:
        fluid.start()
    except SoundError:
        fluid.close()
        raise
    return fluid
