"""Renders a MIDI file or a list of messages to a WAV file."""

from __future__ import annotations

import logging
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from live.sound import SoundError
from live.sound.headroom import AHEAD_S
from live.sound.keyboard import PianoKeyboard
from live.sound.piano import Piano, Samples, damp
from live.sound.soundfont import Fluid
from models.files.midi_file import MidiFile, MidiFileError

log = logging.getLogger(__name__)

Score = Iterable[tuple[float, bytes]]
"""MIDI messages in order, each with its time in seconds from the beginning."""

LONGEST_S = 6 * 3600.0
"""Longest MIDI file; a longer one is probably damaged."""

_FRAMES_AT_MOST = (2**32 - 4096) // 4
"""Most frames of a WAV file: 6.7 hours at 44.1 kHz."""

_BLOCK = 4096
_VOICES = 160
_RING_AT_MOST_S = 30.0
_KNEE = 0.8
_MOST = 0.89  # -1 dBFS


class Instrument(Protocol):
    """An instrument that computes samples without waiting for real time."""

    def send(self, data: bytes) -> None: ...
    def samples(self, count: int) -> NDArray[np.float32]: ...
    def sounding(self) -> bool: ...
    def close(self) -> None: ...


def render(
    source: str | Path | Score, wav_path: str | Path, rate: int = 44100, *, soundfont: str | Path | None = None
) -> float:
    """Renders a MIDI file, or messages with their times, to a 16-bit stereo WAV; returns its length in seconds.

    Uses the built-in piano, or a soundfont. Memory does not grow with the length. `rate` is 8000..192000 Hz. Raises
    SoundError if the MIDI file cannot be read, the WAV cannot be written or the soundfont cannot be played.
    """
    if not 8000 <= rate <= 192000:
        raise SoundError(f"the sampling rate must be from 8000 to 192000 Hz, not {rate}")
    score = read(source, drums=soundfont is not None) if isinstance(source, str | Path) else source
    instrument: Instrument = OfflinePiano(rate) if soundfont is None else Fluid(Path(soundfont).expanduser(), rate)
    frames = 0
    try:
        with Path(wav_path).open("wb") as out, wave.open(out, "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(rate)
            for block in _sounded(instrument, score, rate):
                file.writeframesraw(_sixteen_bits(block))
                frames += len(block)
                if frames > _FRAMES_AT_MOST - _BLOCK:
                    raise SoundError(f"{str(wav_path)!r} is full: a WAV file holds at most {frames / rate:.0f} s")
    except OSError as error:
        raise SoundError(f"{str(wav_path)!r} cannot be written: {error.strerror or error}") from None
    finally:
        instrument.close()
    return frames / rate


def read(midi_path: str | Path, *, drums: bool = False) -> Score:
    """The messages of a MIDI file with their times. Raises SoundError if it has no note to play.

    Notes of the drum channel count only with `drums`, for an instrument that has them. Damage is logged.
    """
    try:
        file = MidiFile.read(midi_path)
        file.require_notes(drums=drums)
    except OSError as error:
        raise SoundError(f"{str(midi_path)!r} cannot be read: {error.strerror or error}") from None
    except MidiFileError as error:
        raise SoundError(f"{str(midi_path)!r} cannot be played: {error}") from None
    if file.time_s[-1] > LONGEST_S:
        raise SoundError(f"{str(midi_path)!r} would last {file.time_s[-1] / 3600:.0f} hours: it is probably damaged")
    for sentence in file.damage:
        log.warning("%s: %s", midi_path, sentence)
    return file.messages()


def _sounded(instrument: Instrument, score: Score, rate: int) -> Iterator[NDArray[np.float32]]:
    """Yields the score as blocks of samples, until the last note has decayed."""
    at = 0
    for time_s, data in score:
        while at < round(time_s * rate):
            block = instrument.samples(min(_BLOCK, round(time_s * rate) - at))
            at += len(block)
            yield block
        instrument.send(data)
    end = at + round(_RING_AT_MOST_S * rate)
    while instrument.sounding() and at < end:
        block = instrument.samples(_BLOCK)
        at += len(block)
        yield block


def _sixteen_bits(block: NDArray[np.float32]) -> bytes:
    """Rounds to 16 bits; samples above _KNEE are compressed to stay below _MOST."""
    size = np.abs(block)
    if size.max(initial=0.0) > _KNEE:
        bent = _KNEE + (_MOST - _KNEE) * np.tanh((size - _KNEE) / (_MOST - _KNEE))
        block = np.where(size > _KNEE, np.copysign(bent, block), block)
    return bytes(np.rint(block * 32767.0).astype("<i2").tobytes())


class OfflinePiano:
    """The synthesised piano without a sound device, sample-accurate."""

    def __init__(self, rate: int = 44100) -> None:
        self.rate = rate
        self.piano = Piano(rate)
        self._keys = PianoKeyboard(self._strike, _VOICES)
        self._voices: list[_OfflineVoice] = []

    def send(self, data: bytes) -> None:
        """Plays one MIDI message."""
        self._keys.message(data)

    def samples(self, count: int) -> NDArray[np.float32]:
        """The next samples, [count, 2], full scale 1; a dense passage may exceed it."""
        mix = np.zeros((count, 2), np.float32)
        for voice in self._voices:
            voice.add_to(mix)
        self._voices = [voice for voice in self._voices if not voice.over()]
        return mix

    def sounding(self) -> bool:
        """Whether any voice sounds."""
        return bool(self._voices)

    def close(self) -> None:
        """Does nothing: no resource is open."""

    def _strike(self, pitch: int, velocity: int) -> _OfflineVoice:
        voice = _OfflineVoice(self.piano.struck(pitch, velocity), self.rate)
        self._voices.append(voice)
        return voice


class _OfflineVoice:
    def __init__(self, samples: Samples, rate: int) -> None:
        self._samples = samples
        self._at = 0
        self._last = len(samples)
        self._volume = self._wanted = 0.0
        self._rate = rate

    def start(self, volume: float) -> None:
        self._volume = self._wanted = volume

    def ahead(self) -> Samples:
        return self._samples[self._at : min(self._last, self._at + int(AHEAD_S * self._rate))]

    def damp(self, falling_s: float) -> None:
        self._last = min(self._last, damp(self._samples, self._at, int(falling_s * self._rate)))

    def loud(self, volume: float) -> None:
        self._wanted = volume

    def over(self) -> bool:
        return self._at >= self._last

    def add_to(self, mix: NDArray[np.float32]) -> None:
        """Adds its next samples; a change of volume is a ramp over them."""
        part = self._samples[self._at : self._at + len(mix)]
        if self._wanted == self._volume:
            mix[: len(part)] += part * np.float32(self._volume / 32768.0)
        else:
            ramp = np.linspace(self._volume, self._wanted, len(mix), dtype=np.float32)[: len(part), None]
            mix[: len(part)] += part * (ramp / np.float32(32768.0))
            self._volume = self._wanted
        self._at += len(mix)
