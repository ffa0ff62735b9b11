#!/usr/bin/env python3
"""Bad input through every door: bad_input.py CASE PROGRAM_DIRECTORY. Of what is refused nothing is
executed, the agent reads why, the person finds a record or a line in the gateway's log, and the
gateway serves as before.

Doors: `countersign sh`, `countersign hook claude-code`, `countersign run`, and the agent's socket.
"""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))
from gateway import Answer, UnixConnection  # noqa: E402
from house import House, Report, until  # noqa: E402

CASE, PROGRAMS = sys.argv[1], sys.argv[2]
LONG_WORD = 100_000  # Linux takes 128 KiB per argument, so a door that is a command can get no more


class Doors:
    """One gateway and a session at each door. `refused` is what the tests are about."""

    def __init__(self, here, report):
        self.here, self.report = here, report
        here.call("gateway", "start")
        self.token = self.open_session()
        here.enrol("ann")

    def http(self, socket, token, method, target, body=None):
        connection = UnixConnection(self.here.root / "run/countersign" / socket)
        payload = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        try:
            connection.request(method, target, payload,
                               {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before all of it was taken; the answer is there all the same.
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def open_session(self):
        request = {"agent": {"id": "robot", "type": "coding"}, "principal": "dev", "purpose": "", "door": "api", "host": "here",
                   "workspace": str(self.here.work), "home": "/home/dev", "contained": False, "staged": False,
                   "ceiling": "irreversible", "lifetime_s": 600, "process_id": None}
        operator = (self.here.root / "state/countersign/operator.token").read_text().strip()
        return self.http("operator.sock", operator, "POST", "/v1/sessions", request).json["token"]

    # --- the four doors ------------------------------------------------------------------------
    def sh(self, text, **more):
        answer = self.here.call("sh", "-c", text, **more)
        return answer.returncode == 126 and answer.stderr.startswith(b"countersign: ") and len(answer.stderr) > 30, answer

    def hook(self, text, **more):
        event = {"session_id": "bad", "cwd": str(self.here.work), "hook_event_name": "PreToolUse", "tool_name": "Bash",
                 "tool_input": {"command": text}}
        return self.hook_bytes(json.dumps(event).encode(), **more)

    def hook_bytes(self, document, **more):
        answer = self.here.call("hook", "claude-code", stdin=document, **more)
        if answer.returncode == 2:
            return answer.stderr.startswith(b"countersign: ") and len(answer.stderr) > 30, answer
        said = json.loads(answer.stdout)["hookSpecificOutput"] if answer.stdout else {}
        return said.get("permissionDecision") == "deny" and len(said.get("permissionDecisionReason", "")) > 20, answer

    def run(self, text):
        """A start that is held for a person is denied by one: it must not be released by itself.
        The text comes from the agent; what stands behind `run --` is a person's own word."""
        (self.here.work / "text").write_bytes(os.fsencode(text))
        agent = self.here.work / "agent.sh"
        agent.write_text('#!/bin/bash\nIFS= read -r -d "" text < text\nexec bash -c "$text"\n')
        agent.chmod(0o755)
        process = self.here.start("run", "--ask", "elsewhere", "--", "./agent.sh")
        self.deny_until_end(process)
        out, err = process.communicate()
        answer = subprocess.CompletedProcess(process.args[:6], process.returncode, out, err)
        return answer.returncode != 0 and b"countersign: " in err, answer

    def deny_until_end(self, process):
        def ended():
            if process.poll() is not None:
                return True
            for action in self.here.pending():
                self.here.approve(action["id"], "ann", "deny")
            return False
        until(ended, "the run ends")

    def api(self, text, token=None):
        return self.api_bytes(json.dumps({"action": {"kind": "command", "text": text},
                                          "context": {"directory": str(self.here.work), "door": "api"}}).encode(), token)

    def api_bytes(self, body, token=None):
        answer = self.http("agent.sock", token or self.token, "POST", "/v1/actions", body)
        told = answer.json.get("detail") or answer.json.get("message")
        refused = answer.status // 100 == 4 or answer.json.get("state") == "denied"
        return refused and bool(told), (answer.status, answer.body[:300])

    # --- what must hold ------------------------------------------------------------------------
    def traces(self):
        log = self.here.root / "state/countersign/countersignd.log"
        return self.here.json("status")["log_size"], log.stat().st_size if log.exists() else 0

    def refused(self, what, door, *words, traced=True, **more):
        """`words` must be refused, told and traced; nothing named `ran` may have appeared."""
        before = self.traces()
        held, answer = door(*words, **more)
        self.report.expect(held, f"{what}, {door.__name__}: {str(answer)[-400:]}")
        after = self.traces()
        self.report.expect(not traced or after != before, f"{what}, {door.__name__}: neither record nor log line")
        self.report.expect(not list(self.here.work.glob("ran*")), f"{what}, {door.__name__}: it ran")

    def everywhere(self, what, text, doors=None):
        for door in doors or (self.sh, self.hook, self.run, self.api):
            self.refused(what, door, text)


def not_bash(doors):
    for text in ("touch ran; if then", "touch ran; echo 'open", "touch ran; echo $((", "touch ran )", "touch ran; cat <<A &&"):
        doors.everywhere(text, text)


def nul_bytes(doors):
    # No argument of a program can hold one, so sh and run cannot even be asked.
    doors.everywhere("NUL", "touch ran\0; true", (doors.hook, doors.api))


def megabyte_command(doors):
    doors.everywhere("1.2 MB", "touch ran; echo " + "a" * 1_200_000, (doors.hook, doors.api))
    doors.everywhere("10 MB", "touch ran; echo " + "a" * 10_000_000, (doors.api,))
    # The hook refuses what is larger than any request before it asks, and says so to the gateway.
    doors.refused("10 MB", doors.hook, "touch ran; echo " + "a" * 10_000_000)
    # As much as Linux passes on to a program, with an end that is not bash.
    doors.everywhere("a long word", "touch ran; echo " + "a" * LONG_WORD + "; if then", (doors.sh, doors.run))


def hundred_thousand_words(doors):
    words = "touch ran; frobnicate" + " a" * 100_000
    doors.everywhere("words", words.replace("touch ran; ", "touch ran && if "), (doors.hook, doors.api))
    # Made inside the jail, since no command line can carry them in.
    script = doors.here.work / "many.sh"
    script.write_text("/usr/bin/touch ran $(seq 100000)\n")
    before = doors.traces()
    process = doors.here.start("run", "--ask", "elsewhere", "--", "bash", "many.sh")
    doors.deny_until_end(process)
    _, told = process.communicate()
    doors.report.expect(process.returncode != 0, f"an argv of 100 001 words: {process.returncode} {told[-300:]}")
    doors.report.expect(not (doors.here.work / "ran").exists(), "an argv of 100 001 words: it ran")
    doors.report.expect(doors.traces() != before, "an argv of 100 001 words: no trace")


def ten_thousand_levels(doors):
    for opened, closed in (("$(", ")"), ("( ", " )"), ("{ ", "; }"), ("$((", "))"), ("${a:-", "}")):
        doors.everywhere(f"levels of {opened}", "touch ran; echo " + opened * 10_000 + closed * 10_000)
    doors.refused("levels of JSON", doors.api_bytes, b'{"action":' + b"[" * 10_000 + b"]" * 10_000 + b"}")
    doors.refused("levels of JSON", doors.hook_bytes, b'{"tool_input":' + b"[" * 10_000 + b"]" * 10_000 + b"}")


def invalid_utf8(doors):
    text = b"touch ran\xff\xfe".decode("utf-8", "surrogateescape")
    # This door refuses it by itself, and says so to the gateway.
    doors.refused("invalid UTF-8", doors.sh, text)
    for body in (b'{"action":{"kind":"command","text":"touch ran\xff"},"context":{"directory":"/","door":"api"}}',
                 b'{"action":{"kind":"command","text":"touch ran \\ud800"},"context":{"directory":"/","door":"api"}}'):
        doors.refused("invalid UTF-8", doors.api_bytes, body)
    # The words of a program start are bytes: they are judged and recorded exactly, with a finding.
    doors.here.call("run", "--ask", "elsewhere", "--", "touch", text.replace("touch ran", "bytes"))
    doors.report.expect((doors.here.work / "bytes\udcff\udcfe").exists(), "a file name in bytes")
    exact = [row["body"] for row in doors.here.records("decision") if "bytes" in row["body"]["request"]["action"]]
    doors.report.expect(exact and any(finding["kind"] == "hidden_characters" for finding in exact[-1]["verdict"]["findings"]),
                        f"bytes without record or finding: {exact}")
    event = b'{"session_id":"x","cwd":"/","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"touch ran\xc0\xaf"}}'
    doors.refused("invalid UTF-8", doors.hook_bytes, event)


def malformed_json(doors):
    for body in (b"", b"{", b"[]", b"null", b"{}x", b'{"action":1}', b'{"action":{"kind":"command","text":"ls","text":"rm"}}',
                 b'{"action":{"kind":"command","text":5},"context":{}}', b'{"action":{"kind":"nothing"},"context":{}}'):
        doors.refused(f"JSON {body}", doors.api_bytes, body)
    for body in (b"", b"{", b"[]", b"null", b"{}", b'{"hook_event_name":"PreToolUse"}', b'{"session_id":1}'):
        doors.refused(f"event {body}", doors.hook_bytes, body)


def wrong_token(doors):
    for token in ("cst_wrong", "cst_" + "A" * 43, "x" * 5000, "cso_" + "A" * 43, "a b", "a\r\nX-More: 1"):
        env = {**doors.here.env, "COUNTERSIGN_SESSION": token}
        doors.refused(f"token {token[:20]!r}", doors.sh, "touch ran", env=env, traced=False)
        doors.refused(f"token {token[:20]!r}", doors.hook, "touch ran", env=env, traced=False)
    doors.refused("token", doors.api, "touch ran", "cst_" + "A" * 43)
    operator = (doors.here.root / "state/countersign/operator.token").read_text().strip()
    doors.refused("operator token", doors.api, "touch ran", operator)


def socket_gone(doors):
    for socket in ("/nonexistent/agent.sock", str(doors.here.work), "/dev/null", "", "x" * 200):
        env = {**doors.here.env, "COUNTERSIGN_SESSION": doors.token, "COUNTERSIGN_SOCKET": socket}
        for door in (doors.sh, doors.hook):
            doors.refused(f"socket {socket[:30]!r}", door, "touch ran", env=env, traced=False)


def replayed_vote(doors):
    here = doors.here
    here.enrol("bob")
    waiting = here.start("sh", "-c", "touch ran; rm -rf /srv/data")
    action = here.held()["id"]
    doors.report.expect(here.approve(action, "ann").returncode == 0, "the first vote")
    doors.report.expect(here.approve(action, "ann").returncode != 0, "the same person twice")
    doors.report.expect(here.json("show", action)["state"] == "pending", "one person counted as two")
    here.approve(action, "bob", "deny")
    _, told = waiting.communicate(timeout=60)
    doors.report.expect(waiting.returncode == 126 and told.startswith(b"countersign: "), f"denied: {told}")
    doors.report.expect(here.approve(action, "bob").returncode != 0, "a vote after the end")
    doors.report.expect(not (here.work / "ran").exists(), "it ran")


def canary(doors):
    """What is permitted must not pass for a refusal."""
    inner = Report()
    doors.report = inner
    for door in (doors.sh, doors.hook, doors.api, doors.run):
        doors.refused("permitted", door, "touch ran")
    doors.report = None
    seen = [failure for failure in inner.failures if "permitted, " in failure]
    # Each is not refused; sh and run also leave the file behind, which all later ones find.
    return [] if len(seen) >= 6 else [f"what was permitted passed for refused: {seen}"]


CASES = {case.__name__: case for case in (not_bash, nul_bytes, megabyte_command, hundred_thousand_words, ten_thousand_levels,
                                          invalid_utf8, malformed_json, wrong_token, socket_gone, replayed_vote, canary)}


def main():
    report = Report()
    with House(PROGRAMS) as here:
        doors = Doors(here, report)
        for failure in CASES[CASE](doors) or []:
            report.expect(False, failure)
        answer = subprocess.run([here.command, "sh", "-c", "touch afterwards"], env=here.env, cwd=here.work, timeout=60)
        report.expect(answer.returncode == 0 and (here.work / "afterwards").exists(), "the gateway serves afterwards")
        report.expect(here.log_verifies(), "the log does not verify")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
