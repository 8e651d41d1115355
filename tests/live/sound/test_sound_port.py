"""The built-in sound as a port, through SDL: its dummy driver, its file driver, and no driver at all."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from live.sound import SoundError, soundfont
from live.sound.sound_port import SoundPort

ON, OFF, CC = 0x90, 0x80, 0xB0
PATIENCE_S = 30.0


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where SDL writes the sound."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(tmp_path / "tape.raw"))
    return tmp_path / "tape.raw"


def heard(tape: Path) -> np.ndarray:
    data = tape.read_bytes() if tape.exists() else b""
    return np.frombuffer(data[: len(data) // 4 * 4], np.int16).reshape(-1, 2).astype(float)


def wait_for(tape: Path, seconds: float) -> None:
    """Waits until so many samples were written, for any speed of the machine."""
    deadline_s = time.monotonic() + PATIENCE_S
    while np.count_nonzero(heard(tape)[:, 0]) < seconds * 44100:
        assert time.monotonic() < deadline_s, "nothing is heard"
        time.sleep(0.01)


def test_a_note_is_heard(tape: Path) -> None:
    port = SoundPort("")
    assert port.name == "built-in piano"
    assert port.alive()
    port.send(bytes([ON, 81, 100]))
    wait_for(tape, 0.3)
    port.close()
    assert not port.alive()
    sound = heard(tape)
    sound = sound[np.flatnonzero(sound[:, 0])[0] :]
    assert 500 < np.abs(sound).max() < 32000
    spectrum = np.abs(np.fft.rfft(sound[:8192, 0] * np.hanning(len(sound[:8192]))))
    assert abs(spectrum.argmax() * 44100 / len(sound[:8192]) - 880) < 12
    assert np.abs(np.diff(sound[-4000:, 0])).max() < np.abs(np.diff(sound[:4000, 0])).max()  # it fades, no click


def test_a_damped_note_falls_silent(tape: Path) -> None:
    port = SoundPort("")
    for message in ((ON, 72, 100), (OFF, 72, 0)):
        port.send(bytes(message))
    wait_for(tape, 0.1)
    port.send(bytes([ON, 60, 1]))  # a marker, too soft to matter
    wait_for(tape, 0.5)
    port.close()
    sound = np.abs(heard(tape)[:, 0])
    begin = np.flatnonzero(sound)[0]
    assert sound[begin : begin + 4000].max() > 500
    assert sound[begin + 16000 :].max() < 100


def test_silence_is_silent(tape: Path) -> None:
    port = SoundPort("")
    port.send(bytes([CC, 64, 127]))
    port.close()
    assert not heard(tape).any()


def test_every_kind_of_message_is_survived(dummy: None) -> None:
    port = SoundPort("")
    messages = [(ON, 60, 100), (ON, 60, 0), (CC, 7, 50), (CC, 120, 0), (CC, 123, 0), (0xC0, 40), (0xF8,), (), (ON,)]
    for message in messages:
        port.send(bytes(message))
    assert port.alive()
    port.close()


def test_it_opens_again_after_closing(dummy: None) -> None:
    for _ in range(2):
        port = SoundPort("")
        assert port.alive()
        port.close()
        port.close()


def test_without_a_sound_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "nonsense")
    with pytest.raises(SoundError, match=r"no sound device can be opened: .*nonsense"):
        SoundPort("")


def test_a_named_soundfont_that_is_not_there(dummy: None) -> None:
    with pytest.raises(SoundError, match=r"nowhere\.sf2: no such soundfont"):
        SoundPort("nowhere.sf2")


def test_without_the_extra(dummy: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.sf2").write_bytes(b"RIFF")
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(SoundError, match=r"arabesque\[soundfont\]"):
        SoundPort(str(tmp_path / "mine.sf2"))
    monkeypatch.setattr(soundfont, "FOLDERS", (str(tmp_path),))
    port = SoundPort()  # the soundfont that was found was not requested
    assert port.name == "built-in piano"
    port.close()


def test_the_default_soundfont_is_preferred_then_the_largest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(soundfont, "FOLDERS", (str(tmp_path / "none"), str(tmp_path)))
    assert soundfont.find() is None
    for name, size in (("a.sf2", 5), ("b.SF3", 9), ("c.txt", 99)):
        (tmp_path / name).write_bytes(b"x" * size)
    assert soundfont.find() == tmp_path / "b.SF3"
    (tmp_path / "default-GM.sf2").write_bytes(b"x")
    assert soundfont.find() == tmp_path / "default-GM.sf2"


def test_importing_it_is_light_and_says_nothing() -> None:
    program = "import sys, live.sound.sound_port; assert not {'torch', 'models', 'mido'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=120)
    assert done.stdout == b""


def test_a_soundfont_is_rendered(tmp_path: Path) -> None:
    pytest.importorskip("fluidsynth", reason="needs the extra soundfont", exc_type=ImportError)
    if (found := soundfont.find()) is None:
        pytest.skip("there is no soundfont on this machine")
    fluid = soundfont.Fluid(found, 22050)
    fluid.send(bytes([ON, 69, 100]))
    sound = fluid.samples(22050)[:, 0]
    fluid.send(bytes([OFF, 69, 0]))
    while fluid.sounding():
        fluid.samples(4096)
    fluid.close()
    assert 0.02 < np.abs(sound).max() < 1
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    fundamental_hz = spectrum[420:460].argmax() + 420
    assert abs(fundamental_hz - 440) <= 2
    (tmp_path / "broken.sf2").write_bytes(b"no soundfont")
    with pytest.raises(SoundError, match=r"broken\.sf2 is not a soundfont"):
        soundfont.Fluid(tmp_path / "broken.sf2")
