"""Records a performance to a Standard MIDI File that is complete after every write.

SMF 1.0, format 0: one track, 120 beats per minute, 1,000 ticks per beat. A tick is thus half a millisecond, and a
program that ignores the tempo still plays at the right speed. Time 0 is the first message.
"""

from __future__ import annotations

import itertools
import queue
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from mido import MetaMessage
from mido.midifiles.meta import encode_variable_int

from live.system.disk_room import CHECK_EVERY_S, is_full, room_left
from live.transport.clock import Clock

TICKS_PER_BEAT = 1000
TICKS_PER_SECOND = 2000
_LENGTH_AT = 18
"""Position of the track's length in the file: after the header chunk (14 bytes) and "MTrk"."""
_TRACK_AT = 22
_END = bytes((0, *MetaMessage("end_of_track").bytes()))
_WAITING_AT_MOST = 200_000


def free_name(wanted: Path) -> Path:
    """The path itself, or the first of "name 2.mid", "name 3.mid", … that does not exist."""
    others = (wanted.with_name(f"{wanted.stem} {number}{wanted.suffix}") for number in itertools.count(2))
    return next(path for path in itertools.chain([wanted], others) if not path.exists())


class MidiRecorder:
    """An open Standard MIDI File. Never overwrites a file: `path` is its final name.

    Raises OSError if the file cannot be created or written.
    """

    def __init__(self, wanted: Path) -> None:
        while True:
            self.path = free_name(wanted)
            try:
                self._file: BinaryIO = open(self.path, "xb", buffering=0)  # noqa: SIM115 (it stays open)
                break
            except FileExistsError:
                continue
        self._start_s: float | None = None
        self._tick = 0
        head = bytes((0, *MetaMessage("track_name", name="Arabesque").bytes()))
        head += bytes((0, *MetaMessage("set_tempo", tempo=500_000).bytes()))
        self._length = 0
        self._write(b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_BEAT) + b"MTrk" + bytes(4))
        self._append(head)

    def write(self, messages: Iterable[tuple[float, bytes]]) -> None:
        """Adds messages with their times in seconds, which never decrease; the file is then complete."""
        data = bytearray()
        for at_s, message in messages:
            if self._start_s is None:
                self._start_s = at_s
            # Counted from the start, so that rounding errors do not add up.
            tick = max(self._tick, round((at_s - self._start_s) * TICKS_PER_SECOND))
            data += bytes(encode_variable_int(tick - self._tick)) + message
            self._tick = tick
        if data:
            self._append(bytes(data))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _append(self, data: bytes) -> None:
        """Overwrites the end of the track with new data and a new end, then writes the new length."""
        self._file.seek(_TRACK_AT + self._length)
        self._write(data + _END)
        self._file.seek(_LENGTH_AT)
        self._write(struct.pack(">I", self._length + len(data) + len(_END)))
        self._length += len(data)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) :]


class MidiRecordingThread:
    """A MidiRecorder on its own thread, so that no note waits for the disk.

    Where the disk fails, `failed(sentence)` is called once, and the music continues. If the disk is nearly full, the
    recording rests, and goes on in a new file, whose path `began` is called with, once there is room again. Raises
    OSError where the file cannot be made.
    """

    def __init__(
        self, wanted: Path, failed: Callable[[str], None], clock: Clock, began: Callable[[Path], None]
    ) -> None:
        self._recorder = MidiRecorder(wanted) if room_left(wanted.parent) else None
        self.path = self._recorder.path if self._recorder is not None else wanted
        self._wanted = wanted
        self._failed, self._began = failed, began
        self._clock = clock
        self._check_s = clock.now()
        self._waiting: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        self._broken = False
        if self._recorder is None:
            self._rest()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def put(self, at_s: float, message: bytes) -> None:
        """Adds a message; returns at once."""
        if self._broken:
            return
        if self._waiting.qsize() > _WAITING_AT_MOST:
            self._break(f"{self.path}: the disk is too slow; the recording ends here")
            return
        self._waiting.put((at_s, message))

    def close(self) -> None:
        """Writes the remaining messages and closes the file."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            ended = False
            while not ended:
                batch = [self._waiting.get()]
                while not self._waiting.empty():
                    batch.append(self._waiting.get())
                ended = None in batch
                self.write([item for item in batch if item is not None])
        except OSError as error:
            self._break(f"{self.path}: {error.strerror}; the recording ends here")
        finally:
            self._close_file()

    def write(self, messages: Iterable[tuple[float, bytes]]) -> None:
        """Writes messages, except while the disk has no room; the thread calls it.

        Raises OSError where the disk fails in another way than by being full.
        """
        try:
            self._watch_room()
            if self._recorder is not None:
                self._recorder.write(messages)
        except OSError as error:
            if not is_full(error):
                raise
            if self._recorder is not None:
                self._rest()

    def _watch_room(self) -> None:
        """Rests the recording before the disk is full, and begins a new file once there is room."""
        if (now_s := self._clock.now()) < self._check_s:
            return
        self._check_s = now_s + CHECK_EVERY_S
        if self._recorder is None and room_left(self._wanted.parent, again=True):
            self._recorder = MidiRecorder(self._wanted)
            self.path = self._recorder.path
            self._began(self.path)
        elif self._recorder is not None and not room_left(self._wanted.parent):
            self._rest()

    def _rest(self) -> None:
        self._failed(f"{self.path}: the disk is full, or nearly; the recording goes on once there is room")
        self._close_file()

    def _close_file(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.close()

    def _break(self, sentence: str) -> None:
        if not self._broken:
            self._broken = True
            self._failed(sentence)
