"""`arabesque render FILE.mid FILE.wav`: turns a MIDI file into sound."""

from __future__ import annotations

import argparse
import logging
import sys

from live.sound import SoundError
from live.sound.render import render


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns 0, or 2 if the file could not be written."""
    parser = argparse.ArgumentParser(prog="arabesque render", description="Turns a MIDI file into sound.")
    parser.add_argument("midi", metavar="FILE.mid", help="MIDI file to play")
    parser.add_argument("wav", metavar="FILE.wav", help="output file: stereo, 16 bits")
    font_help = "an .sf2 or .sf3 file instead of the built-in piano (needs the extra arabesque[soundfont])"
    parser.add_argument("--soundfont", metavar="FILE", help=font_help)
    rate_help = "samples per second (default: %(default)s)"
    parser.add_argument("--rate", type=int, default=44100, metavar="HZ", help=rate_help)
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="arabesque render: %(message)s", stream=sys.stderr)
    try:
        length_s = render(given.midi, given.wav, given.rate, soundfont=given.soundfont)
    except SoundError as error:
        sys.stderr.write(f"arabesque render: {error}\n")
        return 2
    sys.stdout.write(f"{given.wav}: {int(length_s // 60)}:{length_s % 60:04.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
