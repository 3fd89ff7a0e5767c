"""A real browser, told what to do over its pipe (Chrome DevTools Protocol): one start for any
number of pages, widths and keys.
"""

from __future__ import annotations

import html
import json
import os
import re
import select
import shutil
import signal
import subprocess
from base64 import b64decode
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pytest

fcntl = pytest.importorskip("fcntl", reason="needs pipes as Unix has them")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PDFTOTEXT = shutil.which("pdftotext")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium, such as Debian's package chromium"
)
needs_pdftotext = pytest.mark.skipif(
    PDFTOTEXT is None, reason="needs pdftotext, such as Debian's package poppler-utils"
)

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # tests may be run by root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_READS, _WRITES = 3, 4
"""Its ends of the pipes."""
_PATIENCE = 60.0
"""Seconds for an answer, however busy the machine is."""
_FREE = 10
"""Our ends have numbers from here on, so that none of them is one of those."""
_LOGGED = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}


@contextmanager
def browser():
    """A `Browser`, which ends with the context."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        told, heard = _pipe(), _pipe()
        command = [CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        ends = [
            (os.POSIX_SPAWN_DUP2, told[0], _READS),
            (os.POSIX_SPAWN_DUP2, heard[1], _WRITES),
        ]
        process = os.posix_spawn(
            CHROMIUM, command, os.environ, file_actions=[*quiet, *ends], setpgroup=0
        )
        os.close(told[0])
        os.close(heard[1])
        with (
            os.fdopen(told[1], "wb", buffering=0) as to,
            os.fdopen(heard[0], "rb", buffering=0) as answers,
        ):
            try:
                yield Browser(to, answers)
            finally:
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _pipe():
    """The two ends of a pipe, with numbers out of the way."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FREE))
        os.close(end)
    return ends


class Browser:
    """One tab of a browser."""

    def __init__(self, to, answers):
        self._to, self._answers, self._unread = to, answers, b""
        self._count, self._session, self._loaded = 0, None, set()
        self.console = []
        """What pages said, or what went wrong in them."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method, **params):
        """What a method of the protocol gives."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, (method, answer)
                return answer["result"]

    def show(self, page, width=900, scheme="light"):
        """Opens a file in a window so wide, in pixels, by day ("light") or by night ("dark")."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        colours = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[colours])
        loader = self.call("Page.navigate", url=page.as_uri())["loaderId"]
        while loader not in self._loaded:
            self._read()

    def evaluate(self, expression):
        """The value of an expression in JavaScript."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key):
        """A key goes down and up again: Tab, Enter."""
        codes = {"Tab": 9, "Enter": 13}
        about = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        more = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **about, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def printed(self, paper):
        """What is shown on paper: each page its size and its words with their boxes, in points."""
        made = self.call("Page.printToPDF", preferCSSPageSize=True)
        paper.write_bytes(b64decode(made["data"]))
        words = [PDFTOTEXT, "-bbox", paper, "-"]
        text = subprocess.run(words, capture_output=True, check=True, text=True).stdout
        pages = []
        for size, body in re.findall(r"<page (.*?)>(.*?)</page>", text, re.DOTALL):
            boxes = re.findall(r"<word (.*?)>(.*?)</word>", body)
            pages.append(
                (_numbers(size), [(html.unescape(word), _numbers(box)) for box, word in boxes])
            )
        return pages

    def _read(self):
        """The next message; what a page logged is kept."""
        while b"\0" not in self._unread:
            there, *_ = select.select([self._answers], [], [], _PATIENCE)
            assert there, "the browser says nothing"
            more = self._answers.read(1 << 20)
            assert more, "the browser has ended"
            self._unread += more
        message, _, self._unread = self._unread.partition(b"\0")
        found = json.loads(message)
        method, about = found.get("method"), found.get("params", {})
        if method in _LOGGED:
            self.console.append(about)
        if method == "Page.lifecycleEvent" and about["name"] == "load":
            self._loaded.add(about["loaderId"])
        return found


def _numbers(attributes):
    return {name: float(value) for name, value in re.findall(r'(\w+)="([\d.]+)"', attributes)}
