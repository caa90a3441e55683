"""Opens the built page in a headless Chromium, through Selenium.

The tests that need a browser are skipped where Selenium, Chromium or its driver is missing. On
Debian: `apt-get install chromium chromium-driver`.
"""

import base64
import json
import os
import shutil
import tempfile
import time

import pytest
from commands import ROOT

BUILT = os.path.join(ROOT, "page", "built")
SIZES = {"wide": 1280, "narrow": 390}
# The looks of the page to click through: every size with every language, and each of them in both
# themes. A theme changes colours alone.
LOOKS = [
    ("wide", "en", "light"),
    ("wide", "zh", "dark"),
    ("narrow", "en", "dark"),
    ("narrow", "zh", "light"),
]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
    " --disable-dev-shm-usage --hide-scrollbars --force-color-profile=srgb --lang=en-US"
).split()

# Finds elements whose own text does not fit into them, or sticks out of the page.
CUT_OFF = """
const cut = [];
for (const element of document.querySelectorAll("body *")) {
  if (!element.checkVisibility() || element.closest(".hidden, .skip, math, svg")) continue;
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || element.tagName === "OPTION") continue;
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  const scrolls = element.closest("pre, .equation, .explanation .table");
  const inline = style.display === "inline";
  if ((!inline && !scrolls && (element.scrollWidth > element.clientWidth + 1 ||
       (style.overflowY === "hidden" && element.scrollHeight > element.clientHeight + 2))) ||
      (!scrolls && (box.right > innerWidth + 1 || box.left < -1)))
    cut.push(element.tagName + "." + element.className + ": " + element.textContent.slice(0, 60));
}
if (document.documentElement.scrollWidth > innerWidth) cut.push("the page scrolls sideways");
return cut;
"""


class Browser(object):
    """A Chromium with a profile of its own, and what it logged.

    Attributes:
        driver: the Selenium driver.
    """

    def __init__(self):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        self._profile = tempfile.mkdtemp(prefix="page-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for option in OPTIONS + ["--user-data-dir=" + self._profile]:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_script_timeout(120)
        self.driver.get("about:blank")
        self.errors(), self.requests()  # The first empty tab asks for files of the browser's own.

    def resize(self, width, height=900):
        """Sets the size of the page in CSS pixels; a phone's width is below a window's least."""
        metrics = dict(width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, **features):
        """Sets media features: `media(prefers_color_scheme="dark")`."""
        features = [dict(name=n.replace("_", "-"), value=v) for n, v in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dict(features=features))

    def open(self, folder, view, seconds=60):
        """Opens a view, or a place in it, of the page in a folder; returns the seconds it took."""
        self.driver.get("about:blank")
        start = time.time()
        self.driver.get("file://%s/index.html#%s" % (os.path.abspath(folder), view))
        while self.run("return document.documentElement.dataset.ready") != view.split("/")[0]:
            assert time.time() - start < seconds, "the view is not ready: %s" % self.errors()
            time.sleep(0.01)
        return time.time() - start

    def open_afresh(self, view, **media):
        """Opens a view of the built page in English, light, 1280 pixels wide."""
        self.resize(SIZES["wide"])
        self.media(prefers_color_scheme="light", **media)
        self.errors(), self.requests()  # forgets those of the test before
        self.open(BUILT, view)
        self.run("localStorage.clear(); Page.setLanguage('en'); Page.setTheme('light')")

    def run(self, script, *arguments):
        """Runs JavaScript in the page; returns what it returns."""
        return self.driver.execute_script(script, *arguments)

    def settle(self):
        """Waits until the page has drawn what it has to draw."""
        self.driver.execute_async_script(
            "const done = arguments[0];"
            "requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        )

    def wait(self, script, seconds=10):
        """Waits until JavaScript returns something true."""
        end = time.time() + seconds
        while not self.run(script):
            assert time.time() < end, script
            time.sleep(0.01)

    def errors(self):
        """Returns the messages in the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Returns the addresses that the browser asked for since the last call."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def screenshot(self, path):
        """Saves a picture of the whole page, from top to bottom."""
        self.settle()
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = dict(x=0, y=0, width=size["width"], height=size["height"], scale=1)
        arguments = dict(captureBeyondViewport=True, clip=clip)
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", arguments)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def close(self):
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)


def start():
    """Starts a `Browser`, or skips the test with the reason."""
    pytest.importorskip("selenium", reason="needs selenium; pip install -r requirements-dev.txt")
    for name, path in (("chromium", CHROMIUM), ("chromedriver", DRIVER)):
        if path is None:
            pytest.skip("needs %s; on Debian: apt-get install chromium chromium-driver" % name)
    return Browser()


def needs_the_builder():
    """Skips what builds the page where the packages for that are missing."""
    for name in ("latex2mathml", "markdown_it", "pygments"):
        pytest.importorskip(name, reason="needs %s; see requirements-dev.txt" % name)
