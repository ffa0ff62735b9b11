"""SIGKILL at any moment, under load, again and again: whatever was released has its record, whatever
was acknowledged verifies, and the gateway starts again. The rounds differ by a seed that is printed;
COUNTERSIGN_CRASH_ROUNDS asks for more of them."""

import os
import random
import subprocess
import threading
import unittest

from gateway import Gateway, UnixConnection, command

ROUNDS = int(os.environ.get("COUNTERSIGN_CRASH_ROUNDS", "12"))
VERIFY = os.environ.get("COUNTERSIGN_TEST_VERIFY", "")
TEXTS = ("git status", "git log -3", "rm -rf /srv/data", "frobnicate", "cat README.md", "echo hello")


class Load(threading.Thread):
    """Asks until the gateway is gone; keeps what was answered."""

    def __init__(self, gateway, token, seed):
        super().__init__()
        self.gateway, self.token, self.random = gateway, token, random.Random(seed)
        self.granted, self.acknowledged, self.reported = [], [], []

    def run(self):
        connection = UnixConnection(self.gateway.run / "agent.sock", timeout=60)
        try:
            while True:
                body = command(self.random.choice(TEXTS))
                answer = self.gateway.call(connection, "POST", "/v1/actions", body, self.token)
                if answer.status not in (200, 202):
                    continue
                action = answer.json
                self.acknowledged.append(action["id"])
                if action["state"] == "granted":
                    self.granted.append(action["id"])
                    done = self.gateway.call(connection, "POST", f"/v1/actions/{action['id']}/outcome",
                                             {"exit_code": 0}, self.token)
                    if done.status == 204:
                        self.reported.append(action["id"])
        except (OSError, EOFError, ValueError, __import__("http.client").client.HTTPException):
            connection.close()


class Crash(unittest.TestCase):
    def records(self, gateway, filtered=""):
        found, after = [], None
        while True:
            target = "/v1/audit?limit=500" + filtered + (f"&cursor={after}" if after else "")
            page = gateway.people("GET", target).json
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    def check(self, gateway, loads):
        records = self.records(gateway)
        decided = {one["body"]["action"]: one for one in records if one["type"] == "decision"}
        outcomes = {one["body"]["action"] for one in records if one["type"] == "outcome"}
        for load in loads:
            self.assertEqual([one for one in load.acknowledged if one not in decided], [])
            self.assertEqual([one for one in load.reported if one not in outcomes], [])
            for action in load.granted:
                self.assertEqual(decided[action]["body"]["release"], "now")
        # What the searchable store missed when it was killed, the next start took from the log.
        indexed = [one["seq"] for one in self.records(gateway, "&type=decision")]
        self.assertEqual(indexed, sorted(one["seq"] for one in records if one["type"] == "decision"))
        if VERIFY:
            report = subprocess.run([VERIFY, str(gateway.state / "log")], capture_output=True, timeout=120)
            self.assertEqual(report.returncode, 0, report.stdout + report.stderr)
        return len(records)

    def test_sigkill_under_load(self):
        seed = int(os.environ.get("COUNTERSIGN_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"seed {seed}, {ROUNDS} rounds", flush=True)
        chance = random.Random(seed)
        gateway = Gateway()
        loads, records = [], 0
        try:
            for _ in range(ROUNDS):
                tokens = [gateway.open_session()["token"] for _ in range(3)]
                now = [Load(gateway, token, chance.random()) for token in tokens]
                for load in now:
                    load.start()
                # The moment is the point: a timer, not a wait for something.
                threading.Event().wait(chance.uniform(0.0, 0.25))
                gateway.restart()
                for load in now:
                    load.join()
                loads += now
                records = self.check(gateway, loads)
            self.assertGreater(records, ROUNDS)
        finally:
            gateway.close()

    def test_held_action_survives_and_can_still_be_approved(self):
        gateway = Gateway()
        try:
            gateway.enrol("alice")
            token = gateway.open_session()["token"]
            action = gateway.agent(token, "POST", "/v1/actions", command("frobnicate")).json
            self.assertEqual(action["state"], "pending")
            gateway.restart()
            self.assertEqual(gateway.agent(token, "GET", f"/v1/actions/{action['id']}").json["state"], "pending")
            self.assertEqual(gateway.vote(action["id"], "alice").json["state"], "granted")
            gateway.restart()
            self.assertEqual(gateway.agent(token, "GET", f"/v1/actions/{action['id']}").json["state"], "granted")
        finally:
            gateway.close()

    def test_freeze_survives(self):
        gateway = Gateway()
        try:
            gateway.people("POST", "/v1/freeze", {"reason": "test"})
            gateway.restart()
            self.assertTrue(gateway.people("GET", "/v1/status").json["frozen"])
            token = gateway.open_session()["token"]
            answer = gateway.agent(token, "POST", "/v1/actions", command("git status")).json
            self.assertEqual(answer["state"], "suspended")
            gateway.restart()
            self.assertEqual(gateway.agent(token, "GET", f"/v1/actions/{answer['id']}").json["state"], "denied")
        finally:
            gateway.close()

    def test_clean_stop(self):
        gateway = Gateway()
        try:
            gateway.open_session()
            self.assertEqual(gateway.stop(), 0)
            self.assertEqual(list(gateway.run.iterdir()), [])
            gateway.start()
            self.assertEqual([one["type"] for one in self.records(gateway)][-2:], ["gateway_stop", "gateway_start"])
        finally:
            gateway.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
