#!/usr/bin/env python3
"""What people type, against a real gateway: people.py CASE PROGRAM_DIRECTORY SOURCE_DIRECTORY.

typed_command   what stands behind `run --` starts without a question; what it starts asks for itself
state_below     the gateway's state below what the agent may write: hidden, and no reason to refuse
policy_reload   changed files in force without a restart, bad ones refused, by verb and by SIGHUP
watch_live      the live view tells decisions and alerts as they come
rules           list, add, show, test, retire, and the interactive review on a terminal
sessions        list, show, revoke: the agent's processes die; delegation; incident start, status, export, drill
record          tail, search, show, verify, export: an outsider's reading of the same
undo            what a run changed in the workspace is listed, put back and recorded
looks           at 80 columns no line is wider; colours on terminals only; --json is JSON; errors give hints
"""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
import fcntl
import termios

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from e2e import COUNTERSIGN, House, Report  # noqa: E402

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
LIMIT_S = 60


def on_terminal(house, words, answers=(), columns=80, environment=None):
    """Runs in a terminal of its own; each time the program asks, the next answer is typed."""
    answers = list(answers)
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([COUNTERSIGN, *words], stdin=child, stdout=child, stderr=child, cwd=house.root / "w",
                               env={**house.env, "LANG": "C.UTF-8", "TERM": "xterm", **(environment or {})},
                               start_new_session=True)
    os.close(child)
    output = b""
    while True:
        if not select.select([parent], [], [], LIMIT_S)[0]:
            process.kill()
            raise RuntimeError(f"{words}: no more output after {output[-300:]}")
        try:
            piece = os.read(parent, 65536)
        except OSError:  # EIO: the last writer closed it
            break
        if not piece:
            break
        output += piece
        if answers and output.endswith((b"? ", b": ")):
            os.write(parent, answers.pop(0).encode() + b"\n")
    os.close(parent)
    return process.wait(LIMIT_S), output.decode().replace("\r\n", "\n")


def values(house, *words):
    answer = house.call(*words, "--json")
    if answer.returncode not in (0, 1):
        raise RuntimeError(f"{words}: {answer}")
    return json.loads(answer.stdout)


def items(house, *words):
    return values(house, *words)["items"]


def until(condition, what):
    """Asks again until it holds; each look is a call of the gateway, which takes its time."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
    raise RuntimeError("never came: " + what)


def stranger(house, name="frobnicate"):
    """A program that no rule and no catalogue knows."""
    path = house.root / "w" / name
    shutil.copy("/bin/true", path)
    return "./" + name


def decisions(house, **wanted):
    found = house.call("audit", "search", "--type", "decision", "--limit", "500", "--json").stdout.splitlines()
    rows = [json.loads(line) for line in found]
    return [row["body"] for row in rows]


def start_agent(house, *command):
    return subprocess.Popen([COUNTERSIGN, "run", "--ask", "elsewhere", "--", *command], cwd=house.root / "w",
                            env=house.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def typed_command(report):
    with House() as house:
        program = stranger(house)
        typed = house.call("run", "--ask", "elsewhere", "--", program, "--now")
        report.expect(typed.returncode == 0, f"the typed command was held: {typed}")
        user = decisions(house)[0]["decided_by"]
        report.expect(user.startswith("started by "), f"recorded as decided by {user}")
        # The same words again, from inside: an agent that repeats what the person typed.
        script = house.root / "w" / "agent.sh"
        script.write_text(f"#!/bin/sh\n{program} --now\n")
        script.chmod(0o755)
        agent = start_agent(house, "./agent.sh")
        held = until(lambda: items(house, "pending") or agent.poll() is not None, "the question about the inner start")
        report.expect(held is not True and held[0]["request"]["action"]["argv"] == [program, "--now"],
                      f"the repeated start was not held: {held}")
        for action in items(house, "pending"):
            house.call("session", "revoke", action["request"]["context"]["session"])
        agent.communicate(timeout=LIMIT_S)
        irreversible = start_agent(house, "rm", "-rf", "/srv/countersign-e2e")
        held = until(lambda: items(house, "pending") or irreversible.poll() is not None, "two people's question")
        report.expect(held is not True and held[0]["verdict"]["approvals"] == 2,
                      f"typing alone let the irreversible start: {held}")
        for action in items(house, "pending"):
            house.call("session", "revoke", action["request"]["context"]["session"])
        irreversible.communicate(timeout=LIMIT_S)
        forbidden = house.call("run", "--ask", "elsewhere", "--", COUNTERSIGN, "approve", "a-1")
        report.expect(forbidden.returncode == 126, f"the forbidden was started since it was typed: {forbidden}")
        report.expect(house.call("audit", "verify").returncode == 0, "the log does not verify")


def state_below(report):
    with House() as house:
        root = str(house.root)
        house.call("gateway", "start")
        for words in (["--workspace", root], ["--writable", root]):
            seen = house.call("run", *words, "--ask", "elsewhere", "--", "ls", root + "/state/countersign")
            report.expect(seen.returncode == 0 and seen.stdout == b"", f"{words}: {seen}")
        refused = house.call("run", "--workspace", root + "/state/countersign", "--ask", "elsewhere", "--", "true")
        report.expect(refused.returncode != 0 and b"hint: choose another workspace" in refused.stderr,
                      f"a workspace inside the state: {refused}")


STRICTER = """version = 1
[[rule]]
name = "no-listing"
verb = "deny"
reason = "an end-to-end test"
argv = ["ls", "ls **"]
"""


def policy_reload(report):
    with House() as house:
        house.call("gateway", "start")
        before = values(house, "status")
        policies = house.root / "config" / "countersign" / "policies"
        report.expect(policies.is_dir(), "the directory for policies was not made at the first start")
        (policies / "10-test.toml").write_text(STRICTER)
        change = values(house, "policy", "reload")
        report.expect(change["changed"] and change["previous"] == before["policy"], f"reload: {change}")
        denied = house.call("sh", "-c", "ls")
        report.expect(denied.returncode == 126, f"the new policy does not decide: {denied}")
        (policies / "10-test.toml").write_text(STRICTER[:60])
        refused = house.call("policy", "reload")
        report.expect(refused.returncode == 1 and b"the old policy stays in force" in refused.stderr
                      and b"10-test.toml" in refused.stderr, f"half a file: {refused}")
        report.expect(values(house, "status")["policy"] == change["digest"], "half a file changed the policy")
        (policies / "10-test.toml").unlink()
        os.kill(before["pid"], signal.SIGHUP)
        until(lambda: values(house, "status")["policy"] == before["policy"], "the policy after SIGHUP")
        report.expect(values(house, "status")["pid"] == before["pid"], "SIGHUP ended the gateway")
        records = [json.loads(line)["body"] for line in
                   house.call("audit", "search", "--type", "configuration", "--json").stdout.splitlines()]
        report.expect(sorted(one["by"] for one in records)[0] == "SIGHUP" and len(records) == 2, f"records: {records}")
        alerts = house.call("audit", "search", "--type", "alert", "--json").stdout
        report.expect(b"policy_refused" in alerts, f"no alert about the refused policy: {alerts}")


def watch_live(report):
    with House() as house:
        house.call("gateway", "start")
        watch = subprocess.Popen([COUNTERSIGN, "watch", "--json"], bufsize=0, cwd=house.root / "w", env=house.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for _ in range(5):
                house.hook("Bash", {"command": "countersign approve a-1"})
            seen = []
            while sum("alert" in one or one.get("state") == "denied" for one in seen) < 6:
                if not select.select([watch.stdout], [], [], LIMIT_S)[0]:
                    break
                seen.append(json.loads(watch.stdout.readline()))
            denied = [one for one in seen if one.get("state") == "denied"]
            report.expect(len(denied) == 5, f"denials seen live: {len(denied)}")
            alerts = [one["alert"]["kind"] for one in seen if "alert" in one]
            report.expect(alerts == ["repeated_denials"], f"alerts seen live: {alerts}")
        finally:
            watch.kill()
            watch.communicate()
        until(lambda: values(house, "report", "governance")["alerts"] == 1, "the alert in the governance report")


def rules(report):
    with House() as house:
        added = values(house, "rules", "add", "--reason", "unit tests", "--expires", "2d", "make", "test")
        wide = values(house, "rules", "add", "--reason", "wide", "--expires", "2d", "frob", "run", "*")
        report.expect(house.call("rules", "test", added["id"], "make test").returncode == 0, "rules test: a match")
        report.expect(house.call("rules", "test", added["id"], "make test; rm -rf x").returncode == 1, "rules test: a chain")
        shown = house.call("rules", "show", added["id"]).stdout.decode()
        report.expect("unit tests" in shown and "make test" in shown, f"rules show: {shown}")
        listed = house.call("rules", "list").stdout.decode().splitlines()
        report.expect(added["id"] in listed[1] + listed[2] and len(listed) < 20, f"rules list: {listed}")
        report.expect(len(house.call("rules", "list", "--all").stdout.splitlines()) > 100, "rules list --all")
        code, screen = on_terminal(house, ["rules", "review"], ["k", "n", "frob run one"])
        report.expect(code == 0 and "2 of 2 rules reviewed" in screen, f"review: {code} {screen}")
        active = {rule["id"]: rule for rule in items(house, "rules", "list", "--state", "active")}
        report.expect(wide["id"] not in active or added["id"] not in active, "no rule was narrowed")
        report.expect(any(rule["words"] in (["frob", "run", "one"], ["make", "test"])
                          for rule in active.values()), f"review left: {screen}")
        own = [rule for rule in active if not rule.startswith("builtin/")]
        for rule in own:
            retired = house.call("rules", "retire", rule, "--reason", "over")
            report.expect(retired.returncode == 0, f"retire: {retired}")
        report.expect(not [rule["id"] for rule in items(house, "rules", "list", "--state", "active")
                           if not rule["id"].startswith("builtin/")], "a retired rule is active")
        builtin = house.call("rules", "retire", "builtin/make/1")
        report.expect(builtin.returncode == 2 and b"policy file" in builtin.stderr, f"retire of a file's rule: {builtin}")


def sessions(report):
    with House() as house:
        # An agent that waits for a line which never comes.
        agent = subprocess.Popen([COUNTERSIGN, "run", "--ask", "elsewhere", "--purpose", "wait", "--", "cat"],
                                 cwd=house.root / "w", env=house.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        session = until(lambda: items(house, "session", "list", "--state", "active"), "the session")[0]
        shown = house.call("session", "show", session["id"]).stdout.decode()
        report.expect("command" in shown and "cat" in shown and "wait" in shown, f"session show: {shown}")
        until(lambda: decisions(house), "the agent's start")
        revoked = house.call("session", "revoke", session["id"], "--reason", "a test")
        report.expect(revoked.returncode == 0, f"revoke: {revoked}")
        report.expect(agent.wait(LIMIT_S) != 0, "the revoked agent ended as if all were well")
        agent.communicate()
        report.expect(not items(house, "session", "list", "--state", "active"), "a revoked session is active")
        drill = values(house, "incident", "drill")
        report.expect(drill["total_ms"] < 5000 and pathlib.Path(drill["bundle"]).is_dir(), f"drill: {drill}")
        agent = subprocess.Popen([COUNTERSIGN, "run", "--ask", "elsewhere", "--", "cat"], cwd=house.root / "w",
                                 env=house.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        session = until(lambda: items(house, "session", "list", "--state", "active"), "the second session")[0]
        until(lambda: any(one["request"]["context"]["session"] == session["id"] for one in decisions(house)), "its start")
        incident = values(house, "incident", "start", "--session", session["id"], "--reason", "a test")
        report.expect(incident["revoked"] == [session["id"]] and len(incident["killed"]) == 1, f"incident: {incident}")
        report.expect(agent.wait(LIMIT_S) != 0, "the contained agent ended as if all were well")
        agent.communicate()
        for verb in ("status", "export"):
            again = house.call("incident", verb, incident["id"])
            report.expect(again.returncode == 0 and incident["bundle"].encode() in again.stdout, f"{verb}: {again}")


def record(report):
    with House() as house:
        house.call("run", "--ask", "elsewhere", "--", "ls")
        tail = house.call("audit", "tail").stdout.decode()
        report.expect("exit 0" in tail and "session_end" in tail, f"tail: {tail}")
        found = house.call("audit", "search", "--decision", "allow", "--json", "ls").stdout.splitlines()
        report.expect(len(found) == 1, f"search: {found}")
        seq = json.loads(found[0])["seq"]
        report.expect(house.call("audit", "show", str(seq)).returncode == 0, "audit show")
        target = house.root / "export.jsonl"
        exported = house.call("audit", "export", "--output", str(target))
        lines = target.read_bytes().splitlines() if target.exists() else []
        report.expect(exported.returncode == 0 and target.stat().st_mode & 0o777 == 0o600, f"export: {exported}")
        report.expect([json.loads(line)["seq"] for line in lines] == list(range(len(lines))) and len(lines) >= 5,
                      f"exported {len(lines)} records")
        again = house.call("audit", "export", "--output", str(target))
        report.expect(again.returncode == 1, "export wrote over a file that was there")
        report.expect(house.call("audit", "verify").returncode == 0, "verify")


VERBS = [["pending"], ["rules", "list"], ["rules", "review"], ["rules", "suggest"], ["session", "list"], ["audit", "tail"],
         ["audit", "search"], ["report", "governance"], ["status"], ["approver", "list"], ["keys", "list"]]


def looks(report):
    with House() as house:
        house.call("keys", "new", "alice-with-a-rather-long-name")
        house.call("approver", "add", "alice-with-a-rather-long-name")
        house.call("rules", "add", "--reason", "r" * 200, "--expires", "2d", "make", "a-target-with-a-long-name" * 4)
        house.call("run", "--ask", "elsewhere", "--purpose", "p" * 200, "--", "ls", "-la", "x" * 300)
        for words in VERBS:
            code, screen = on_terminal(house, words, ["s"] * 20)
            report.expect(code in (0, 1), f"{words}: {code} {screen}")
            wide = [line for line in ESCAPE.sub("", screen).splitlines() if len(line) > 80]
            report.expect(not wide, f"{words}: wider than the terminal: {wide[:2]}")
            _, plain = on_terminal(house, words, ["s"] * 20, environment={"NO_COLOR": "1"})
            report.expect("\x1b[" not in plain, f"{words}: colours with NO_COLOR")
            piped = house.call(*words)
            report.expect(b"\x1b" not in piped.stdout + piped.stderr, f"{words}: colours on a pipe")
            document = house.call(*words, "--json").stdout
            try:
                for line in document.splitlines() if words[0] == "audit" else [document]:
                    json.loads(line)
            except ValueError:
                report.expect(False, f"{words} --json: {document[:200]}")
        _, coloured = on_terminal(house, ["rules", "list"])
        report.expect("\x1b[" in coloured, "no colours on a terminal")
        for words in (["session", "show", "s-none"], ["show", "a-none"], ["rules", "show", "r-none"], ["audit", "show", "999999"],
                      ["incident", "status", "i-none"], ["nonsense"], ["approve", "a-none"]):
            failed = house.call(*words)
            report.expect(failed.returncode in (1, 2) and failed.stderr.startswith(b"countersign: ") and not failed.stdout,
                          f"{words}: {failed}")


def undo(report):
    with House() as house:
        work = house.root / "w"
        (work / "kept").write_text("one\n")
        (work / "gone").write_text("two\n")
        (work / "gone").chmod(0o751)
        ended = house.call("run", "--ask", "elsewhere", "--", "/bin/sh", "-c", "echo x >> kept; rm gone; echo n > new")
        report.expect(ended.returncode == 0 and b"changes  3" in ended.stderr, f"the run: {ended}")
        session = items(house, "changes")[0]["session"]
        listed = {row["path"]: row["change"] for row in items(house, "changes", session)}
        report.expect(listed == {"kept": "modified", "gone": "deleted", "new": "created"}, f"listed: {listed}")
        undone = house.call("changes", session, "undo")
        report.expect(undone.returncode == 0 and b"3 changes undone" in undone.stderr, f"undo: {undone}")
        report.expect((work / "kept").read_text() == "one\n" and (work / "gone").read_text() == "two\n"
                      and (work / "gone").stat().st_mode & 0o777 == 0o751 and not (work / "new").exists(), "put back")
        records = house.call("audit", "export").stdout.decode()
        report.expect(f"undo what {session} changed" in records and "3 changes undone: " in records,
                      "undoing stands in the record")
        report.expect(house.call("changes", session, "undo").returncode != 0, "it is forgotten afterwards")


def main():
    report = Report()
    {case.__name__: case for case in (typed_command, state_below, policy_reload, watch_live, rules, sessions, record,
                                      looks, undo)}[sys.argv[1]](report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
