"""Downloads from a local server that works, breaks off or sends wrong answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import Server, serving
from published import published

from live.commands.weights import main
from models.files.download import DownloadError, download
from models.sketch_rnn import SketchRNN

CONTENT = bytes(range(256)) * 800  # 204,800 bytes


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        made.files["/file"] = CONTENT
        yield made


def test_a_file_arrives_whole(server: Server, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None]] = []
    path = tmp_path / "new" / "file"
    download(f"{server.address}/file", path, most=10**6, on_progress=lambda *progress: heard.append(progress))
    assert path.read_bytes() == CONTENT
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert list(path.parent.iterdir()) == [path]


def test_a_connection_that_breaks_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.breaks = 1
    download(f"{server.address}/file", tmp_path / "file", most=10**6)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_a_stored_part_is_not_downloaded_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:5000])
    download(f"{server.address}/file", tmp_path / "file", most=10**6)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == ["bytes=5000-"]


def test_a_server_without_ranges_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    server.knows_ranges = False
    (tmp_path / "file.part").write_bytes(b"?" * 5000)
    download(f"{server.address}/file", tmp_path / "file", most=10**6)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_stored_part_longer_than_the_file_is_discarded(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    download(f"{server.address}/file", tmp_path / "file", most=10**6)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_keeps_breaking_is_given_up_and_the_part_kept(server: Server, tmp_path: Path) -> None:
    server.breaks, server.most = 10, 0
    (tmp_path / "file.part").write_bytes(CONTENT[:5000])
    with pytest.raises(DownloadError, match="5,000 bytes are kept"):
        download(f"{server.address}/file", tmp_path / "file", most=10**6)
    assert (tmp_path / "file.part").stat().st_size == 5000


@pytest.mark.parametrize("says_length", [True, False])
def test_too_large_is_refused(server: Server, tmp_path: Path, says_length: bool) -> None:
    server.says_length = says_length
    with pytest.raises(DownloadError, match="bytes"):
        download(f"{server.address}/file", tmp_path / "file", most=100_000)
    assert not (tmp_path / "file").exists()


def test_the_checksum(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="damaged or changed"):
        download(f"{server.address}/file", tmp_path / "file", most=10**6, sha256="0" * 64)
    assert not any(tmp_path.iterdir())
    download(f"{server.address}/file", tmp_path / "file", most=10**6, sha256=hashlib.sha256(CONTENT).hexdigest())


def test_a_missing_file_and_a_missing_network_are_reported(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="404"):
        download(f"{server.address}/other", tmp_path / "file", most=10**6)
    with pytest.raises(DownloadError, match="is this machine online"):
        download("http://127.0.0.1:9/file", tmp_path / "file", most=10**6)
    with pytest.raises(DownloadError, match="not an http address"):
        download("file:///etc/passwd", tmp_path / "file", most=10**6)


def test_the_command_gets_an_autoencoder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content = json.dumps(published(autoencoder=True)[0]).encode()
    server.files["/large_models/cat.vae.json"] = content
    server.breaks, server.most = 1, 1000
    assert main(["get", "sketch/cat", "--from", server.address]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sketch_rnn_cat.safetensors", "sketch_rnn_cat.toml"]
    SketchRNN.load("sketch_rnn_cat.safetensors")
    assert main(["get", "sketch/cat", "--from", server.address, "--sha256", "12"]) == 1
    assert main(["get", "sketch/dog", "--from", server.address]) == 1
    assert "404" in capsys.readouterr().err
    server.files["/models/cat.gen.json"] = b"[1, 2"
    assert main(["get", "sketch/cat", "--decoder", "--from", server.address]) == 1
    assert "not complete JSON" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.json"))


def test_a_name_with_a_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["get", "sketch/../../x"])
    assert "expected sketch/CATEGORY" in capsys.readouterr().err
