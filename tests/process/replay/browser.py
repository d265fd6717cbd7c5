"""A browser for tests: chromedriver, spoken to by plain HTTP."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --hide-scrollbars --force-color-profile=srgb"
).split()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Browser:
    """One chromium with a profile of its own; everything is gone after close()."""

    def __init__(self, width=1280, height=900, dark=False):
        self.profile = tempfile.mkdtemp(prefix="replay-browser-")
        self.port = free_port()
        self.log = open(os.path.join(self.profile, "driver.log"), "wb")
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={self.port}", "--allowed-ips=127.0.0.1"], stdout=self.log, stderr=self.log
        )
        self.session = None
        try:
            self.start(width, height, dark)
        except BaseException:
            self.close()
            raise

    def start(self, width, height, dark):
        arguments = FLAGS + [f"--user-data-dir={self.profile}/data", f"--window-size={width},{height}"]
        if dark:
            arguments.append("--force-dark-mode")
        options = {"args": arguments}
        capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        if width < 500:  # a window cannot be that narrow, a phone can
            options["mobileEmulation"] = {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 2, "touch": True}}
        deadline = time.monotonic() + 120
        while True:
            try:
                answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
                break
            except urllib.error.URLError:
                if time.monotonic() > deadline or self.driver.poll() is not None:
                    raise
                time.sleep(0.05)
        self.session = answer["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"})
        request.method = method
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].splitlines()[0]) from error

    def forget(self):
        """As one that has just been started: no page, nothing that a page of a file has stored, no complaints."""
        self.open("about:blank")
        self.command("Storage.clearDataForOrigin", origin="file://", storageTypes="all")
        self.complaints()

    def in_session(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self.in_session("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What the script returns."""
        return self.in_session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def command(self, name, **parameters):
        """Of Chrome's own protocol."""
        return self.in_session("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def cost_ms(self, script, *arguments):
        """What the script, run in a frame of the page, costs the page's thread: (script, script with style and layout),
        both without painting. In a frame, because ScriptDuration does not count what is run from outside the page."""
        call = f"(function () {{ {script} }}).apply(null, given); done();"
        framed = f"const given = arguments; return new Promise((done) => requestAnimationFrame(() => {{ {call} }}));"
        before = self.thread_seconds()
        self.run(framed, *arguments)
        script, *others = (1000 * (now - then) for now, then in zip(self.thread_seconds(), before))
        return script, script + sum(others)

    def thread_seconds(self):
        self.command("Performance.enable", timeDomain="threadTicks")
        counted = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
        metrics = {metric["name"]: metric["value"] for metric in self.command("Performance.getMetrics")["metrics"]}
        return [metrics[name] for name in counted]

    def keys(self, text):
        """Typed by a keyboard, to whatever has the focus."""
        actions = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self.in_session("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def complaints(self):
        """What the console of the browser says since the last call."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.in_session("POST", "/se/log", {"type": "browser"})]

    def wait_until(self, script, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.run(script):
                return True
            time.sleep(0.02)
        return False

    def screenshot(self, path, full=False):
        if full:
            size = self.command("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            data = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        else:
            data = self.in_session("GET", "/screenshot")
        with open(path, "wb") as stream:
            stream.write(base64.b64decode(data))

    def close(self):
        if self.session:
            try:
                self.in_session("DELETE", "")
            except (OSError, RuntimeError):
                pass
        self.driver.terminate()
        self.driver.wait()
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)
