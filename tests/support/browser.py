"""A headless Chromium, driven by its DevTools protocol over a WebSocket."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse
from programs import PATIENCE_S

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
)


class Browser:
    """One page of a browser. `async with Browser(program, folder) as browser`; the folder is its profile."""

    def __init__(self, program: str, folder: Path) -> None:
        self.command = (program, *FLAGS, f"--user-data-dir={folder}", "about:blank")
        self.complaints: list[str] = []
        """What the page said is wrong: exceptions, and errors of the console."""
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Browser:
        self._process = await asyncio.create_subprocess_exec(*self.command, stderr=asyncio.subprocess.PIPE)
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            line = b""
            while b"DevTools listening on" not in line:
                line = await self._process.stderr.readline()
                assert line, "the browser has ended"
        self._draining = asyncio.create_task(self._process.stderr.read())
        port = line.split(b"ws://", 1)[1].split(b"/")[0].decode()
        self._session = ClientSession()
        async with self._session.get(f"http://{port}/json/list") as answer:
            pages = [one for one in await answer.json() if one["type"] == "page"]
        self._socket: ClientWebSocketResponse = await self._session.ws_connect(
            pages[0]["webSocketDebuggerUrl"], max_msg_size=0
        )
        self._reading = asyncio.create_task(self._read())
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._reading
        await self._session.close()
        self._process.terminate()
        await self._process.wait()
        await self._draining

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE_S):
            answer = await self._answers[number]
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    async def show(self, url: str, width: int, height: int, dots: float = 1.0) -> None:
        """Opens a page in a window of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": dots, "mobile": width < 600}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression; promises are awaited."""
        said = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def until(self, condition: str) -> None:
        """Waits until an expression is true in the page; evaluated at each frame."""
        look = f"const look = () => ({condition}) ? done() : requestAnimationFrame(look); look()"
        await self.run(f"new Promise((done) => {{ {look} }})")

    async def mouse(self, kind: str, x: float, y: float, clicks: int = 1) -> None:
        """Presses, moves or releases the left button at a place: kind mousePressed, mouseMoved or mouseReleased."""
        buttons = 0 if kind == "mouseReleased" else 1
        await self.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=buttons, clickCount=clicks
        )

    async def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Fingers on the screen: kind touchStart, touchMove or touchEnd, and where each finger is; none at the end."""
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        await self.call("Input.dispatchTouchEvent", type=kind, touchPoints=fingers)

    async def swipe(self, x: float, y: float, across: float, down: float, steps: int = 12) -> None:
        """One finger from a place by so many pixels, and up again."""
        await self.touch("touchStart", (x, y))
        for step in range(1, steps + 1):
            await self.touch("touchMove", (x + across * step / steps, y + down * step / steps))
        await self.touch("touchEnd")

    async def picture(self, path: Path, whole: bool = False) -> None:
        """Writes the visible part as a PNG, or the whole page."""
        said = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(said["data"]))

    async def _read(self) -> None:
        async for said in self._socket:
            message = json.loads(said.data)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif message["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"]))
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.complaints.append(message["params"]["entry"]["text"])
