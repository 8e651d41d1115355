"""MIDI input: passes the messages of all devices to their receivers, and publishes them."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Sequence

from live.midi.input.device_name import plain_name, slug
from live.midi.input.listener import PING, QUIT, keys_line
from live.midi.input.message import BEND, CLOCK, CONTROL, OFF, ON, PRESSURE, PROGRAM, InputMessage, well_formed
from live.parameters.service_context import ServiceContext
from live.patch import Patch
from live.system.helper_process import CLOSE_WITHIN_S, HelperProcess
from models.base import Knob

log = logging.getLogger(__name__)

QUEUE_SIZE = 5_000
"""Most messages that wait for the control thread; beyond that the oldest are dropped."""
TICKS_EVERY_S = 0.02
"""Interval at which clock ticks are processed, several at once, since they carry their arrival times."""
ADDRESSES_AT_MOST = 256
"""Most addresses for single controllers; further controllers get none."""

Receiver = Callable[[InputMessage], bool]
"""Returns whether it consumed a message, so that later receivers do not get it."""

SIGNALS = (
    ("note", "siii", "A key: device, channel, pitch, and velocity, 0 when it comes up"),
    ("control", "siii", "A controller: device, channel, number, value"),
    ("program", "sii", "A program change: device, channel, program 1..128"),
    ("bend", "sif", "Pitch bend: device, channel, -1..1"),
    ("pressure", "sii", "Pressure on all keys: device, channel, 0..127"),
)


class MidiInput:
    """The control-thread service that passes each message of the listener process to its `receivers`, in order.

    `ports` are patterns as `Keys` has them, none for no MIDI in. `keys_addresses` gives the addresses of the sender
    processes, to which the listener also passes each key directly (see key_datagrams). On a virtual clock there is no
    process: call `arrive`.
    """

    def __init__(
        self,
        context: ServiceContext,
        ports: Sequence[str] = ("auto",),
        keys_addresses: Callable[[], str] = str,
    ) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.receivers: list[Receiver] = []
        self.gone: list[Callable[[str], None]] = []
        """Called with the name of a device that was unplugged."""
        self._wake, self._fail, self._ports = context.wake, context.fail, list(ports)
        self._keys_addresses, self._sent_addresses = keys_addresses, ""
        self._queue: deque[InputMessage | tuple[str, str]] = deque()
        self._dropped = 0
        self._tick_s = -1.0
        self._process: HelperProcess | None = None
        self._devices: list[str] = []
        self._addresses: set[str] = set()

    @property
    def answers(self) -> bool:
        """Whether the listener process, if there is one, has answered within three seconds."""
        return self._process is None or self._process.answers

    # -- the service --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and starts the listener process."""
        for name, types, meaning in SIGNALS:
            self.tree.add_signal(f"/midi/in/{name}", types, meaning)
        ports = "Names of the open MIDI inputs"
        self.tree.add("/midi/in/ports", Knob(ports, kind="text", default="", access="r"))
        if self._ports and not self.clock.virtual:
            self._process = HelperProcess(
                "live.midi.input.listener",
                [argument for port in self._ports for argument in ("--in", port)],
                again=["--again"],
                ping=PING,
                quit=QUIT,
                received=self._receive_line,
                ended=self._process_ended,
                first_lines=lambda: (keys_line(self._sent_addresses),),
                clock=self.clock,
            )

    def follow(self, patch: Patch) -> None:
        """Does nothing: the inputs do not depend on the patch."""

    def advance(self, now_s: float) -> float:  # noqa: ARG002
        """Passes on the messages that have arrived, in order."""
        if self._process is not None and (addresses := self._keys_addresses()) != self._sent_addresses:
            self._sent_addresses = addresses
            self._process.send(keys_line(addresses))
        while self._queue:
            given = self._queue.popleft()
            if isinstance(given, InputMessage):
                self._publish(given)
                for receive in self.receivers:
                    if receive(given):
                        break
            else:
                self._plugged(*given)
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._fail(f"MIDI in: the oldest {dropped} messages were dropped, since they arrived too fast")
        return float("inf")

    def close(self) -> None:
        """Ends the listener process."""
        if self._process is not None:
            self._process.close(CLOSE_WITHIN_S)  # one that is still starting has nothing to finish

    # -- messages -----------------------------------------------------------------------------------------------

    def arrive(self, device: str, at_s: float, data: bytes) -> None:
        """Adds one message, on any thread; ignores anything but a message of MIDI 1.0."""
        if not well_formed(data):
            return
        self._enqueue(InputMessage(plain_name(device), at_s, data))
        if data[0] != CLOCK:
            self._wake()
        elif at_s - self._tick_s > TICKS_EVERY_S:
            self._tick_s = at_s
            self._wake()

    def _enqueue(self, given: InputMessage | tuple[str, str]) -> None:
        if len(self._queue) >= QUEUE_SIZE:
            self._queue.popleft()
            self._dropped += 1
        self._queue.append(given)

    def _receive_line(self, line: bytes) -> None:
        try:
            what, *given = json.loads(line)
            if what == "midi":
                device, at_s, data = given
                self.arrive(device, float(at_s), bytes.fromhex(data))
            elif what != "here":
                self._enqueue((what, str(given[0])))
                self._wake()
        except (ValueError, IndexError, TypeError):
            log.warning("the MIDI listener wrote %r, which is not a message of its protocol", line)

    def _process_ended(self, why: str) -> None:
        log.warning("the MIDI listener has ended (%s); restarting it", why)
        for device in list(self._devices):
            self._enqueue(("lost", device))
        self._wake()

    def _plugged(self, state: str, device: str) -> None:
        if state == "error":
            log.warning("MIDI in: %s", device)
            return
        if state == "opened":
            self._devices = [*dict.fromkeys([*self._devices, device])]
            log.info("opened the MIDI input %s", device)
        elif device in self._devices:
            self._devices.remove(device)
            log.warning("the MIDI input %s was unplugged; it will be reopened when it returns", device)
            for gone in self.gone:
                gone(plain_name(device))
        self.tree.publish("/midi/in/ports", ", ".join(self._devices))

    def _publish(self, given: InputMessage) -> None:
        publish, device, channel, kind = self.tree.publish, given.device, given.channel, given.kind
        first, second = (*given.data[1:], 0, 0)[:2]
        if kind in (ON, OFF):
            publish("/midi/in/note", device, channel, first, second if kind == ON else 0)
        elif kind == CONTROL:
            publish("/midi/in/control", device, channel, first, second)
            self._keep(given, f"cc{first}", f"Controller {first}", float(second))
        elif kind == PROGRAM:
            publish("/midi/in/program", device, channel, first + 1)
        elif kind == PRESSURE:
            publish("/midi/in/pressure", device, channel, first)
            self._keep(given, "pressure", "Pressure on all keys", float(first))
        elif kind == BEND:
            bend = max(-1.0, (given.fourteen - 8192) / 8191)
            publish("/midi/in/bend", device, channel, bend)
            self._keep(given, "bend", "Pitch bend", bend, -1.0, 1.0)

    def _keep(
        self, given: InputMessage, name: str, meaning: str, value: float, low: float = 0.0, high: float = 127.0
    ) -> None:
        """Publishes the newest value at its own address, as a source of mappings."""
        address = f"/midi/in/{slug(given.device)}/ch{given.channel}/{name}"
        if address not in self._addresses:
            if len(self._addresses) >= ADDRESSES_AT_MOST:
                return
            self._addresses.add(address)
            declared = Knob(f"{meaning} of {given.device}, channel {given.channel}", low, high, access="r")
            self.tree.add(address, declared)
        self.tree.publish(address, value)
