"""A page in headless Chromium, at several widths: what it logs, and how wide it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

__all__ = ["CHROMIUM", "Shown", "show"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# In a copy of the page; the page itself allows no script.
MEASURE = """<script>
addEventListener("load", () => {
  document.querySelectorAll("details").forEach(d => { d.open = true; });
  const boxes = [...document.querySelectorAll(".scroll, pre, .autonet-architecture")];
  const texts = [...document.querySelectorAll("main p, main td, main li")];
  parent.postMessage({
    width: innerWidth,
    page: document.documentElement.scrollWidth,
    images: [...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt]),
    scrolled: boxes.filter(b => b.scrollWidth > b.clientWidth).length,
    smallest: Math.min(...texts.map(e => parseFloat(getComputedStyle(e).fontSize))),
    hacked: typeof window.hacked,
  }, "*");
});
</script>"""
COLLECT = """<script>
const found = [];
addEventListener("message", e => { found.push(e.data); document.body.dataset.found = JSON.stringify(found); });
</script>"""
FRAME = '<iframe src="{}" style="width: {}px; height: 900px; border: none"></iframe>'


@dataclass(frozen=True)
class Shown:
    """What a browser showed.

    Attributes
    ----------
    found : dict of int to dict
        By width of the window, what the script measured after it had opened all folds.
    console : list of str
        Lines of the console, of the page itself and of the copies.
    """

    found: dict[int, dict[str, Any]]
    console: list[str]


def show(page: Path, widths: Sequence[int], directory: Path) -> Shown:
    """Show a page in frames of several widths: windows of Chromium are not narrower than 500 pixels."""
    source = page.read_text(encoding="utf-8")
    original, copy, frames = (directory / f"{name}.html" for name in ("original", "copy", "frames"))
    original.write_text(source, encoding="utf-8")
    without_policy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
    copy.write_text(without_policy.replace("</head>", MEASURE + "</head>"), encoding="utf-8")
    shown = [FRAME.format(path.as_uri(), width) for width in widths for path in (copy, original)]
    frames.write_text(f"<!doctype html><body>{COLLECT}{''.join(shown)}</body>", encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=5000"]
    profile = f"--user-data-dir={directory / 'profile'}"
    command = [str(CHROMIUM), *options, profile, "--window-size=1600,900", "--dump-dom", frames.as_uri()]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    value = re.search(r'data-found="([^"]*)"', run.stdout)
    assert value, run.stderr
    found = {entry["width"]: entry for entry in json.loads(unescape(value[1]))}
    return Shown(found, [line for line in run.stderr.splitlines() if "CONSOLE" in line])
