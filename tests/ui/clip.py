"""Record docs/images/quickstart.webp: notebooks/quickstart.ipynb as a newcomer uses it.

Run ``python -m tests.ui.clip``. Chromium's screencast gives the frames, ffmpeg makes the clip.
"""

import base64
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, ViewportSize, expect

from tests.servers import serve
from tests.ui.lab import LAB, Tab, chromium

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "docs" / "images" / "quickstart.webp"
SIZE = ViewportSize(width=960, height=640)
LAST = 3.0
"""Seconds that the last frame is shown."""

POINTER = """() => {
  const pointer = document.createElement("div");
  pointer.style.cssText = `position: fixed; z-index: 99999; width: 18px; height: 18px; margin: -9px;
    border-radius: 50%; background: #f37726aa; pointer-events: none; left: 50%; top: 60%`;
  document.body.append(pointer);
  addEventListener("mousemove", ({ clientX, clientY }) => {
    pointer.style.left = `${clientX}px`;
    pointer.style.top = `${clientY}px`;
  }, true);
}"""


class Recording:
    """Take the frames of a page, each with the time when it was painted."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Page.screencastFrame", self._take)
        self.frames: list[tuple[float, bytes]] = []

    def start(self) -> None:
        self._session.send("Page.startScreencast", {"format": "png"})

    def stop(self) -> None:
        self._session.send("Page.stopScreencast")

    def save(self, directory: Path, path: Path) -> None:
        """Write an animated WebP in which each frame stands as long as it stood."""
        ends = [when for when, _ in self.frames[1:]] + [self.frames[-1][0] + LAST]
        lines = []
        for number, ((start, data), end) in enumerate(zip(self.frames, ends, strict=True)):
            (directory / f"{number}.png").write_bytes(data)
            lines += [f"file {number}.png", f"duration {end - start:.3f}"]
        (directory / "frames.txt").write_text("\n".join([*lines, lines[-2]]))
        command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "concat", "-i", "frames.txt"]
        command += ["-fps_mode", "vfr", "-c:v", "libwebp_anim", "-quality", "60", "-loop", "0"]
        subprocess.run([*command, path], cwd=directory, check=True)

    def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append((frame["metadata"]["timestamp"], base64.b64decode(frame["data"])))
        self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})


def point(page: Page, what: Locator) -> None:
    """Move the pointer to the middle of something, as a hand does."""
    place = what.bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y, steps=12)


def click(page: Page, what: Locator) -> None:
    point(page, what)
    page.mouse.down()
    page.mouse.up()


def scroll(what: Locator) -> None:
    """Scroll the notebook until something stands near its top."""
    what.evaluate("""element => {
      const top = element.getBoundingClientRect().top - 150;
      document.querySelector(".jp-WindowedPanel-outer").scrollBy({ top, behavior: "smooth" });
    }""")


def main() -> None:
    """Record it."""
    directory = Path(tempfile.mkdtemp())
    with serve(directory, "jupyterlab", *LAB) as server, chromium() as browser:
        shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", server.root)
        context = browser.new_context(viewport=SIZE)
        tab = Tab(server, context, "quickstart.ipynb")
        prepare(tab)
        recording = Recording(tab.page)
        recording.start()
        play(tab)
        recording.stop()
    recording.save(directory, CLIP)
    shutil.rmtree(directory)
    print(f"{CLIP}: {len(recording.frames)} frames, {CLIP.stat().st_size:,} bytes")


def prepare(tab: Tab) -> None:
    """Run the notebook down to the list, and show its channel."""
    tab.page.add_style_tag(content=".Toastify { display: none }")  # Lab's questions
    tab.command("application:toggle-left-area")
    tab.command("application:toggle-mode")
    for cell in ("load", "todos", "show-todos"):
        tab.run(cell)
    tab.page.evaluate(POINTER)
    scroll(tab.page.get_by_role("heading", name="A channel says"))
    tab.page.wait_for_timeout(2_000)


def play(tab: Tab) -> None:
    """Add a todo in the page and look from Python; change it from Python and look at the page."""
    page, todos = tab.page, tab.element("todo-list")
    page.wait_for_timeout(3_000)
    scroll(todos)
    page.wait_for_timeout(1_500)
    click(page, todos.get_by_placeholder("What needs doing?"))
    page.keyboard.type("Buy milk", delay=110)
    click(page, todos.get_by_role("button", name="Add"))
    expect(todos.locator("li")).to_have_count(2)
    page.wait_for_timeout(1_000)
    tab.run("state")
    page.wait_for_timeout(2_500)
    tab.run("change-todos")
    expect(todos.locator("li")).to_have_count(3)
    page.wait_for_timeout(2_000)
    click(page, todos.get_by_role("checkbox").nth(1))
    page.wait_for_timeout(1_000)
    tab.run("state")
    page.wait_for_timeout(1_000)


if __name__ == "__main__":
    main()
