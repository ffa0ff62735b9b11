#!/usr/bin/env python3
"""Failures of other guards that only a whole gateway can show; tests/README.md lists all classes.

bypass_09_always_allow_is_narrow       what "approve and remember" proposes is never a program alone
bypass_21_sub_agents_inherit_denials   a delegated session is denied what its parent is denied
bypass_22_one_path_every_tool          a key that one tool may not read, no tool may
"""

import pathlib
import sys

from bad_input import Doors
from house import House, Report

CASE, PROGRAMS = sys.argv[1], sys.argv[2]


def operator(doors, method, target, body=None):
    token = (doors.here.root / "state/countersign/operator.token").read_text().strip()
    return doors.http("operator.sock", token, method, target, body)


def ask(doors, token, **action):
    return doors.http("agent.sock", token, "POST", "/v1/actions",
                      {"action": action, "context": {"directory": str(doors.here.work), "door": "api"}}).json


def bypass_09_always_allow_is_narrow(doors, report):
    asked = 0
    for text in ("whoami --strange", "env FOO=1 frobnicate x", "sh -c 'frobnicate x'", "sudo frobnicate x", "frobnicate", "python3 -c 'print(1)'",
                 "curl -X POST http://a.example.test/x", "xargs frobnicate", "timeout 5 frobnicate x"):
        answer = ask(doors, doors.token, kind="command", text=text)
        if answer["state"] != "pending":
            continue
        asked += 1
        proposed = operator(doors, "GET", f"/v1/actions/{answer['id']}/proposal")
        report.expect(proposed.status == 200, f"{text}: {proposed.body[:200]}")
        rule = proposed.json.get("rule")
        words = (rule or {}).get("words", [])
        # A program alone only where it was called without any argument: such a rule is exact.
        alone = len(words) < 2 and text != "frobnicate"
        wide = rule and (alone or words[-1] in ("*", "**") or words[0] in ("sh", "bash", "env", "sudo", "xargs", "timeout", "python3"))
        report.expect(not wide, f"{text}: proposes {rule}")
        report.expect(not rule or rule.get("expires"), f"{text}: proposes a rule without an end")
    report.expect(asked >= 4, f"only {asked} were asked about")


def bypass_21_sub_agents_inherit_denials(doors, report):
    parent = doors.token
    listed = operator(doors, "GET", "/v1/sessions?state=active").json["items"]
    session = next(one["id"] for one in listed if one["agent"]["id"] == "robot")
    tokens = [parent]
    for name in ("child", "grandchild"):
        granted = doors.http("agent.sock", tokens[-1], "POST", f"/v1/sessions/{session}/delegate",
                             {"agent": {"id": name, "type": "coding"}})
        report.expect(granted.status == 201, f"{name}: {granted.body[:200]}")
        session = granted.json["session"]["id"]
        tokens.append(granted.json["token"])
    for text in ("countersign approve a-1", "iptables -A INPUT -j DROP", "rm -rf /srv/data", "cat ~/.ssh/id_ed25519"):
        states = [ask(doors, token, kind="command", text=text)["state"] for token in tokens]
        report.expect(len(set(states)) == 1 and states[0] in ("denied", "pending"), f"{text}: {states}")
    # Another type of agent would be judged by other rules.
    other = doors.http("agent.sock", parent, "POST", f"/v1/sessions/{session}/delegate", {"agent": {"id": "x", "type": "deploy"}})
    report.expect(other.status >= 400, "a child of another type")


def bypass_22_one_path_every_tool(doors, report):
    key = "/home/dev/.ssh/id_ed25519"
    actions = [{"kind": "file", "name": "read", "target": key}, {"kind": "file", "name": "write", "target": key, "text": "x"}]
    actions += [{"kind": "command", "text": text.replace("KEY", key)} for text in (
        "cat KEY", "grep -r . KEY", "head -c 9 KEY", "cp KEY here", "tar cf x.tar KEY", "cat < KEY", "base64 KEY", "git diff --no-index /dev/null KEY",
        "sed -n p KEY", "sort KEY", "find /home/dev/.ssh -type f -exec cat {} +", "python3 -c \"print(open('KEY').read())\"", "awk 1 KEY",
        "while read l; do echo $l; done < KEY", "cd /home/dev/.ssh && cat id_ed25519", "ln -s KEY k")]
    actions += [{"kind": "exec", "argv": ["cat", key], "program": "/usr/bin/cat"},
                {"kind": "tool_call", "server": "files", "name": "read_file", "text": '{"path":"' + key + '"}'}]
    for action in actions:
        state = ask(doors, doors.token, **action)["state"]
        report.expect(state in ("denied", "pending"), f"{action}: {state}")
    report.expect(ask(doors, doors.token, kind="command", text="cat README.md")["state"] == "granted", "an ordinary file")


CASES = {case.__name__: case for case in (bypass_09_always_allow_is_narrow, bypass_21_sub_agents_inherit_denials,
                                          bypass_22_one_path_every_tool)}


def main():
    report = Report()
    with House(PROGRAMS) as here:
        CASES[CASE](Doors(here, report), report)
        report.expect(here.log_verifies(), "the log does not verify")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
