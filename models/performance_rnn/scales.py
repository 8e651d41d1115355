"""Keys and scales as weights of the twelve pitch classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

ENHARMONICS = {"Db": "C#", "D#": "Eb", "Fb": "E", "E#": "F", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C"}

KEY_ALIASES = (
    *ENHARMONICS.items(),
    *(
        (name.replace("b", "♭").replace("#", "♯"), key)
        for name, key in (*zip(KEYS, KEYS, strict=True), *ENHARMONICS.items())
    ),
)
"""Alternative key names: enharmonic ones, and all names with ♭ and ♯."""

PITCH_CLASSES = ("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")

SCALES: dict[str, tuple[int, ...]] = {  # semitones above the key
    "free": (),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "pentatonic major": (0, 2, 4, 7, 9),
    "pentatonic minor": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "octatonic": (0, 1, 3, 4, 6, 7, 9, 10),
    "chromatic": tuple(range(12)),
}


def pitch_classes(key: str, scale: str) -> tuple[float, ...]:
    """The twelve weights, C first: 1 in the scale, 0 outside. Raises ValueError or KeyError if unknown."""
    tonic = KEYS.index(key)
    inside = {(tonic + semitones) % 12 for semitones in SCALES[scale]}
    return tuple(float(pitch_class in inside) for pitch_class in range(12))


def faders(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """`Knob.sets` of key and scale: the pitch classes; nothing for the scale "free"."""
    if values["scale"] == "free":
        return {}
    return {"pitch_class": pitch_classes(values["key"], values["scale"])}
