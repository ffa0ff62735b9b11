"""A gateway, a workspace and people of a test's own, and what tests look at. Nothing here sleeps:
waiting is done on processes, descriptors, or by asking again until a limit."""

import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

WAIT_LIMIT_S = 60


class House:
    """A state of its own in a temporary directory; the gateway of it is stopped at the end."""

    def __init__(self, programs, parent="/tmp"):
        self.programs = pathlib.Path(programs).resolve()
        self.command = str(self.programs / "countersign")
        self.parent = parent

    def __enter__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cse2e.", dir=self.parent))
        for name in ("config", "state", "run", "home", "w"):
            (self.root / name).mkdir(mode=0o700)
        self.work = self.root / "w"
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
        self.env.update(XDG_CONFIG_HOME=str(self.root / "config"), XDG_STATE_HOME=str(self.root / "state"),
                        XDG_RUNTIME_DIR=str(self.root / "run"), HOME=str(self.root / "home"))
        return self

    def __exit__(self, *_):
        self.call("gateway", "stop")
        shutil.rmtree(self.root, ignore_errors=True)

    # --- asking --------------------------------------------------------------------------------
    def call(self, *words, stdin=b"", env=None, limit=120):
        return subprocess.run([self.command, *words], input=stdin, capture_output=True, env=env or self.env,
                              cwd=self.work, timeout=limit)

    def start(self, *words, **more):
        """The same without waiting for its end."""
        return subprocess.Popen([self.command, *words], env=self.env, cwd=self.work,
                                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                   "stderr": subprocess.PIPE, **more})

    def hook(self, tool, tool_input, name="PreToolUse", **more):
        event = {"session_id": "e2e", "cwd": str(self.work), "hook_event_name": name, "tool_name": tool,
                 "tool_input": tool_input, **more}
        return self.call("hook", "claude-code", stdin=json.dumps(event).encode())

    def json(self, *words):
        answer = self.call(*words, "--json")
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def enrol(self, name):
        self.call("keys", "new", name)
        return self.call("approver", "add", name)

    def approve(self, action, name, verb="approve"):
        return self.call(verb, action, "--as", name)

    def pending(self):
        listed = self.json("pending")
        return (listed.get("items") or listed.get("actions") or []) if isinstance(listed, dict) else listed or []

    def held(self):
        """The first action that waits, once one does."""
        return until(lambda: (self.pending() or [None])[0], "an action is held")

    # --- looking -------------------------------------------------------------------------------
    def gateway_pid(self):
        return self.json("status")["pid"]

    def records(self, kind=None):
        exported = self.call("audit", "export")
        rows = [json.loads(line) for line in exported.stdout.splitlines()]
        return [row for row in rows if kind is None or row.get("type") == kind]

    def log_verifies(self):
        return self.call("audit", "verify").returncode == 0


def until(ready, what, limit=WAIT_LIMIT_S):
    """Asks until `ready` gives something true. Pauses grow by waiting on nothing, briefly."""
    end = time.monotonic() + limit
    while True:
        value = ready()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError("not in time: " + what)
        select.select([], [], [], 0.02)


def processes_with(marker):
    """Ids of processes whose command line holds this text (seen from outside of any jail)."""
    found = []
    for directory in pathlib.Path("/proc").iterdir():
        if directory.name.isdigit() and int(directory.name) != os.getpid():
            try:
                if marker.encode() in (directory / "cmdline").read_bytes():
                    found.append(int(directory.name))
            except OSError:
                pass
    return found


class Report:
    def __init__(self):
        self.failures = []

    def expect(self, held, what):
        if not held:
            self.failures.append(what)

    def end(self):
        for failure in self.failures:
            print("FAILED:", failure)
        print(f"{len(self.failures)} failures")
        return 1 if self.failures else 0
