"""Names of MIDI devices that are the same on every system and after every replugging."""

from __future__ import annotations

import re

_ALSA = re.compile(r"(?P<client>.*?):(?P<port>.*) \d+:\d+")
"""`nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0`: ALSA's numbers change with each replugging."""
_A2J = re.compile(r"a2j[\w-]*:(?P<client>.*) \[\d+\] \((?:capture|playback)\): (?P<port>.*)")
"""`a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1`: a2jmidid shows ALSA's ports in JACK."""
_PIPEWIRE = re.compile(r"Midi-Bridge[\w-]*:(?P<client>.*?):?\s*\((?:capture|playback)_\d+\) (?P<port>.*)")
"""`Midi-Bridge:Keystation 49 1:(capture_0) Keystation 49 MIDI 1`: PipeWire shows ALSA's ports in JACK."""
_WINMM = re.compile(r"(?:\d+- )?(?P<name>.*?)(?: \d+)?")
"""`2- Launchkey 49 1`: Windows counts USB sockets, RtMidi appends the place in the list of all inputs."""
_PIPEWIRE_NUMBER = re.compile(r"( at usb-.*| \d+)$")


def plain_name(port: str, system: str = "") -> str:
    """The device's name from a port's name: without the numbers and prefixes of ALSA, a2jmidid, PipeWire and Windows.

    Those of Windows cannot be told from a device's own number, so they are removed only where `system` is `winmm`.
    """
    if system == "winmm" and (found := _WINMM.fullmatch(port)) and found["name"]:
        return found["name"]
    for form in (_ALSA, _A2J, _PIPEWIRE):
        if found := form.fullmatch(port):
            client, name = found["client"], found["port"]
            if form is _PIPEWIRE:
                client = _PIPEWIRE_NUMBER.sub("", client)
            return name if name.startswith(client) else f"{client}:{name}"
    return port


def slug(name: str) -> str:
    """A name converted to one part of an address."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:40] or "device"
