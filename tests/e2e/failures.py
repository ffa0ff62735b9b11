#!/usr/bin/env python3
"""Things break while an action is decided: failures.py CASE PROGRAM_DIRECTORY. Whatever breaks, the
action is not executed, the agent reads why, and the record verifies afterwards.

full_disk                 the gateway's state lies on a small disk that really is full
full_disk_under_load      the disk fills and empties while actions are decided
supervisor_sigkill        SIGKILL of `countersign run` kills the whole tree
interrupt_during_question Ctrl-C on the terminal while a question is open
gateway_gone_mid_hold     the gateway is killed, its socket gone, while sh, hook and run wait
canary                    the same checks against a gateway that is not broken must not hold
"""

import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import threading

from house import House, Report, processes_with, until

CASE, PROGRAMS = sys.argv[1], sys.argv[2]
SMALL_DISK_BYTES = 6 << 20
HELD_TEXT = "frobnicate --now"


# --- A full disk -----------------------------------------------------------------------------------
def in_own_mounts():
    """Runs this case again where it may mount; as root that needs no user namespace."""
    if os.environ.get("E2E_OWN_MOUNTS"):
        return None
    words = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    return subprocess.run([*words, sys.executable, *sys.argv], env={**os.environ, "E2E_OWN_MOUNTS": "1"}).returncode


def mount_small(directory):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES},mode=0700", "none", str(directory)], check=True)


def fill(directory):
    """Until not one more byte fits."""
    path = pathlib.Path(directory) / "filler"
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return path


def refused(answer, what, report, word=b""):
    report.expect(answer.returncode == 126 and answer.stderr.startswith(b"countersign: ") and word in answer.stderr,
                  f"{what}: {answer.returncode} {answer.stderr[:300]!r}")


def hook_refuses(answer):
    if answer.returncode == 2:
        return answer.stderr.startswith(b"countersign: ")
    said = json.loads(answer.stdout)["hookSpecificOutput"]
    return said["permissionDecision"] == "deny" and bool(said["permissionDecisionReason"])


def full_disk(report):
    with House(PROGRAMS) as here:
        mount_small(here.root / "state")
        here.enrol("ann")
        report.expect(here.call("sh", "-c", "touch before").returncode == 0, "an action before the disk is full")
        # One action is held, and approved when nothing can be written any more.
        waiting = here.start("sh", "-c", "touch held; " + HELD_TEXT)
        action = here.held()["id"]
        filler = fill(here.root / "state")
        late = here.approve(action, "ann")
        report.expect(late.returncode != 0 and b"countersign: approve: " in late.stderr, f"a vote on a full disk: {late}")
        refused(here.call("sh", "-c", "touch ran"), "sh on a full disk", report)
        report.expect(hook_refuses(here.hook("Bash", {"command": "git status"})), "hook on a full disk")
        run = here.call("run", "--", "touch", "ran")
        # Not even its session can be opened.
        report.expect(run.returncode != 0 and b"countersign: " in run.stderr, f"run on a full disk: {run}")
        _, told = waiting.communicate(timeout=100)
        report.expect(waiting.returncode == 126 and told.startswith(b"countersign: "), f"held on a full disk: {told!r}")
        report.expect(here.json("status") is not None, "the gateway does not answer on a full disk")
        filler.unlink()
        until(lambda: here.call("sh", "-c", "touch after").returncode == 0, "an action after space was freed")
        for name, there in (("before", True), ("held", False), ("ran", False), ("after", True)):
            report.expect((here.work / name).exists() == there, f"the file {name}")
        report.expect(here.log_verifies(), "the log verifies after space was freed")


def full_disk_under_load(report):
    with House(PROGRAMS) as here:
        mount_small(here.root / "state")
        here.call("sh", "-c", "true")
        ended, results = threading.Event(), {}

        def ask():
            number = 0
            while not ended.is_set():
                number += 1
                results[f"n{number}"] = here.call("sh", "-c", f"touch n{number}").returncode

        thread = threading.Thread(target=ask)
        thread.start()
        for _ in range(6):
            seen = len(results)
            filler = fill(here.root / "state")
            until(lambda: len(results) > seen + 2, "answers while the disk is full")
            filler.unlink()
            seen = len(results)
            until(lambda: len(results) > seen + 2, "answers while there is space")
        ended.set()
        thread.join()
        report.expect(set(results.values()) <= {0, 126}, f"answers: {set(results.values())}")
        report.expect(126 in results.values() and 0 in results.values(), "both kinds of answers were seen")
        until(lambda: here.call("sh", "-c", "true").returncode == 0, "the gateway is well again")
        texts = " ".join(row["body"]["request"]["action"]["text"] + ";" for row in here.records("decision")
                         if row["body"]["release"] == "now" and "text" in row["body"]["request"]["action"])
        for name, code in results.items():
            ran = (here.work / name).exists()
            report.expect(ran == (code == 0), f"{name}: ran {ran}, answered {code}")
            report.expect(not ran or f"touch {name};" in texts, f"{name} ran without a record")
        report.expect(here.log_verifies(), "the log verifies")


# --- Deaths ----------------------------------------------------------------------------------------
def ends_of(pids):
    """Descriptors that become readable when these processes end."""
    found = []
    for pid in pids:
        try:
            found.append(os.pidfd_open(pid))
        except ProcessLookupError:
            pass
    return found


def all_end(descriptors, limit=20):
    waiting = set(descriptors)
    while waiting:
        ready, _, _ = select.select(waiting, [], [], limit)
        if not ready:
            return False
        waiting -= set(ready)
    return True


def sleepers(marker):
    """Of the processes that name the marker those that are sleep itself by now."""
    found = []
    for pid in processes_with(marker):
        try:
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "sleep\n":
                found.append(pid)
        except OSError:
            pass
    return found


def supervisor_sigkill(report):
    with House(PROGRAMS) as here:
        marker = f"9{os.getpid()}.25"
        # Children, a session of its own, a deaf shell.
        tree = f"(sleep {marker} & sleep {marker} & setsid sleep {marker} & trap '' TERM HUP; wait; wait)"
        run = here.start("run", "--ask", "elsewhere", "--", "bash", "-c", tree, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
        pids = until(lambda: (lambda found: found if len(found) == 3 else None)(sleepers(marker)), "the tree runs")
        pids = processes_with(marker)
        descriptors = ends_of([pid for pid in pids if pid != run.pid])
        run.kill()
        run.wait()
        report.expect(all_end(descriptors), f"left behind: {processes_with(marker)}")
        report.expect(here.call("sh", "-c", "true").returncode == 0, "the gateway serves afterwards")
        report.expect(here.log_verifies(), "the log verifies")


class Terminal:
    """`countersign run` on a terminal of its own, as a person has it."""

    def __init__(self, here, words):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(here.work)
            os.execve(here.command, [here.command, *words], here.env)
        self.seen = b""

    def read_until(self, text, limit=60):
        while text not in self.seen:
            ready, _, _ = select.select([self.descriptor], [], [], limit)
            try:
                piece = os.read(self.descriptor, 65536) if ready else b""
            except OSError:
                piece = b""
            if not piece:
                return False
            self.seen += piece
        return True

    def type(self, text):
        os.write(self.descriptor, text)

    def end(self, limit=60):
        done = ends_of([self.pid])
        while done and not select.select(done, [], [], 0)[0]:
            ready, _, _ = select.select([self.descriptor, *done], [], [], limit)
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                break
            if self.descriptor in ready:
                try:
                    self.seen += os.read(self.descriptor, 65536)
                except OSError:
                    select.select(done, [], [], limit)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def interrupt_during_question(report):
    with House(PROGRAMS) as here:
        name = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
        here.enrol(name)
        marker = f"8{os.getpid()}.5"
        # It waits for its child, so a refusal alone would not end it.
        (here.work / "agent.sh").write_text(f"sleep {marker} &\ngit push --force origin main\nwait\n")
        terminal = Terminal(here, ["run", "--", "bash", "agent.sh"])
        report.expect(terminal.read_until(b"push"), f"the question is shown: {terminal.seen!r}")
        action = here.held()["id"]
        pids = until(lambda: sleepers(marker), "the tree runs")
        descriptors = ends_of(pids)
        terminal.type(b"\x03")
        code = terminal.end()
        report.expect(code != 0, f"an interrupted run ends with {code}")
        report.expect(all_end(descriptors), "the tree ends with the interrupted agent")
        state = here.json("show", action)
        report.expect(state and state["state"] in ("denied", "expired"), f"the held action: {state and state['state']}")
        late = here.approve(action, name)
        report.expect(late.returncode != 0, "an approval after the interruption counts")
        report.expect(here.log_verifies(), "the log verifies")


def gateway_gone_mid_hold(report):
    with House(PROGRAMS) as here:
        here.call("gateway", "start")
        # What a person types behind `run --` is held only where it takes two people.
        grave = "touch ran; git push --force origin main"
        for door, words in (("sh", ("sh", "-c", "touch ran; " + HELD_TEXT)),
                            ("run", ("run", "--ask", "elsewhere", "--", "bash", "-c", grave))):
            waiting = here.start(*words)
            here.held()
            os.kill(here.gateway_pid(), signal.SIGKILL)
            (here.root / "run/countersign/agent.sock").unlink(missing_ok=True)
            (here.root / "run/countersign/operator.sock").unlink(missing_ok=True)
            _, told = waiting.communicate(timeout=100)
            report.expect(waiting.returncode != 0 and b"countersign: " in told, f"{door}: {waiting.returncode} {told!r}")
            here.call("gateway", "start")
            for action in here.pending():
                here.call("deny", action["id"])
        hook = here.start("hook", "claude-code", stdin=subprocess.PIPE)
        event = {"session_id": "gone", "cwd": str(here.work), "hook_event_name": "PreToolUse", "tool_name": "Bash",
                 "tool_input": {"command": "touch ran; " + HELD_TEXT}}
        hook.stdin.write(json.dumps(event).encode())
        hook.stdin.close()
        hook.stdin = None
        here.held()
        os.kill(here.gateway_pid(), signal.SIGKILL)
        for name in ("agent.sock", "operator.sock"):
            (here.root / "run/countersign" / name).unlink(missing_ok=True)
        said, told = hook.communicate(timeout=100)
        report.expect(b'"allow"' not in said and (b'"deny"' in said or hook.returncode == 2), f"hook: {said!r} {told!r}")
        report.expect(not (here.work / "ran").exists(), "something that was held ran")
        report.expect(here.call("gateway", "start").returncode == 0, "the gateway starts again")
        report.expect(here.log_verifies(), "the log verifies")


def canary(report):
    """On a sound disk nothing is refused: the checks above must say so."""
    with House(PROGRAMS) as here:
        inner = Report()
        refused(here.call("sh", "-c", "touch ran"), "sh", inner)
        inner.expect(hook_refuses(here.hook("Bash", {"command": "git status"})), "hook")
        report.expect(len(inner.failures) == 2, f"refusals were seen where there are none: {inner.failures}")
        sleeper = subprocess.Popen(["sleep", "77"])
        report.expect(not all_end(ends_of([sleeper.pid]), 0.1), "a process that lives was seen to end")
        sleeper.kill()
        sleeper.wait()


CASES = {"full_disk": full_disk, "full_disk_under_load": full_disk_under_load, "supervisor_sigkill": supervisor_sigkill,
         "interrupt_during_question": interrupt_during_question, "gateway_gone_mid_hold": gateway_gone_mid_hold,
         "canary": canary}


def main():
    if CASE.startswith("full_disk"):
        status = in_own_mounts()
        if status is not None:
            return status
    report = Report()
    CASES[CASE](report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
