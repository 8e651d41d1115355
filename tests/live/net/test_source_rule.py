"""Which files and streams a message may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.net.allow import Allow
from live.net.source_rule import SourceRule


@pytest.fixture
def rule(tmp_path: Path) -> SourceRule:
    (tmp_path / "more").mkdir()
    places = (str(tmp_path / "more"), "rtsp://Camera.example.org:8554", "https://video.example.org")
    return SourceRule([tmp_path / "show", Path("/")], places)


@pytest.mark.parametrize(
    "text",
    [
        "auto",
        "0",
        "*Logitech*",
        "starry_night",
        "",
        "clip.mp4",
        "clips/one.mp4",
        "TMP/show/clip.mp4",
        "TMP/more/deep/clip.mp4",
        "http://192.168.1.20:8080/video",
        "tcp://127.0.0.1:5000",
        "rtsp://[fe80::1]/live",
        "udp://0.0.0.0:1234",
        "http://localhost:8080/",
        "http://raspberrypi:8080/stream.mjpg",
        "rtsp://user:word@phone.local/live",
        "rtsp://camera.example.org:8554/any/path",
        "https://video.example.org/live",
    ],
)
def test_sources_of_the_show_and_its_network_pass(rule: SourceRule, tmp_path: Path, text: str) -> None:
    rule.check(text.replace("TMP", str(tmp_path)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/etc/passwd", r"expected a file below .*/show, .*/more without \.\. in its path \(--files FOLDER permits "),
        ("/dev/zero", "expected a file below"),
        ("~/private.jpg", "expected a file below"),
        ("~nobody-of-this-name/a.jpg", "expected a file below"),
        ("../private.jpg", "without .. in its path"),
        ("TMP/show/../private.jpg", "without .. in its path"),
        ("TMP/showcase/private.jpg", "expected a file below"),
        ("http://8.8.8.8/video", r"expected a stream in this network \(--files http://8\.8\.8\.8 permits it\)"),
        ("http://video.example.org/live", "expected a stream in this network"),
        ("https://video.example.org.evil.com/live", "expected a stream in this network"),
        ("rtsp://camera.example.org/live", "expected a stream in this network"),
        ("http://134744072/", "expected a stream in this network"),
        ("http://0x08080808/", "expected a stream in this network"),
        ("http://8.2056/", "expected a stream in this network"),
        ("file:///etc/passwd", "expected an address that begins with http, https, rtsp"),
        ("http://evil.com\\@localhost/", "expected an address that begins with"),
        ("http://localhost/\nX: y", "expected an address that begins with"),
        ("http://[::1/", "expected an address such as"),
        ("udp://@:1234", "expected an address that begins with"),
    ],
)
def test_others_are_refused_with_a_sentence(rule: SourceRule, tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rule.check(text.replace("TMP", str(tmp_path)))


def test_a_list_of_machines_bounds_streams_too(tmp_path: Path) -> None:
    rule = SourceRule([tmp_path], (), Allow.parse("192.168.1.0/24"))
    rule.check("http://192.168.1.20/video")
    with pytest.raises(ValueError, match="in this network"):
        rule.check("http://192.168.2.20/video")


def test_what_the_patch_names_is_admitted(rule: SourceRule) -> None:
    rule.trust("/media/clip.mp4")
    rule.check(" /media/clip.mp4 ")
    with pytest.raises(ValueError, match="expected a file below"):
        rule.check("/media/other.mp4")


@pytest.mark.parametrize("place", ["gone", "ftp://example.org", "http://"])
def test_an_invalid_place_is_reported(place: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        SourceRule([], (place,))
