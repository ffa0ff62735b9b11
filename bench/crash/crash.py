"""Does the gateway keep its word when it dies or when its disk fails?

    crash.py kill [ROUNDS]      SIGKILL at random moments under load
    crash.py start [RECORDS]    how long a start takes with so many records, after a stop and after SIGKILL
    crash.py faults [STRIDE]    the n-th write, fsync, open, rename, truncation of a gateway fails, for
                                each n (or each STRIDE-th) until none is left to fail

COUNTERSIGN_TEST_GATEWAY, COUNTERSIGN_TEST_VERIFY, COUNTERSIGN_BENCH_FAULTS, COUNTERSIGN_BENCH_AUDIT: the programs (bench/crash.sh sets them). COUNTERSIGN_CRASH_SEED repeats a run's moments. Exit 1: a promise was broken.
"""

import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "api"))
from gateway import Gateway, UnixConnection, command  # noqa: E402

TEXTS = ("git status", "git log -3", "rm -rf /srv/data", "frobnicate", "cat README.md", "echo hello")
LOADS = 3
GONE = (OSError, EOFError, ValueError, http.client.HTTPException)
VERIFY = os.environ.get("COUNTERSIGN_TEST_VERIFY", "")


class TimedGateway(Gateway):
    """Knows how long each start took, from fork to the line that says it serves."""

    def __init__(self, *arguments, **named):
        self.starts, self.preloaded = [], {}
        super().__init__(*arguments, **named)

    @property
    def environment(self):
        return {**super().environment, **self.preloaded}

    def start(self):
        began = time.monotonic()
        super().start()
        self.starts.append(time.monotonic() - began)


class Told:
    """What the gateway has said to its callers; it must stand in the log."""

    def __init__(self):
        self.decided, self.released, self.votes, self.outcomes = [], [], [], []

    def add(self, other):
        for name in vars(self):
            getattr(self, name).extend(getattr(other, name))


class Load(threading.Thread):
    """Asks and reports until the gateway is gone."""

    def __init__(self, gateway, token, seed):
        super().__init__()
        self.gateway, self.token, self.random, self.told = gateway, token, random.Random(seed), Told()

    def run(self):
        connection = UnixConnection(self.gateway.run / "agent.sock", timeout=60)
        try:
            while True:
                ask(self.gateway, connection, self.token, self.random.choice(TEXTS), self.told)
        except GONE:
            connection.close()


def ask(gateway, connection, token, text, told):
    """One action, and its outcome when it may run. Gives what was answered, or None."""
    answer = gateway.call(connection, "POST", "/v1/actions", command(text), token)
    if answer.status not in (200, 202):
        return None
    action = answer.json
    # What cannot be recorded is denied by the gateway itself and says so: that has no record.
    if (action["state"], action["decided_by"]) != ("denied", "gateway"):
        told.decided.append(action["id"])
    if action["state"] == "granted":
        told.released.append(action["id"])
        done = gateway.call(connection, "POST", f"/v1/actions/{action['id']}/outcome", {"exit_code": 0}, token)
        if done.status == 204:
            told.outcomes.append(action["id"])
    return action


class Voter(threading.Thread):
    """Has held actions approved until the gateway is gone."""

    def __init__(self, gateway, token):
        super().__init__()
        self.gateway, self.token, self.told = gateway, token, Told()

    def run(self):
        try:
            while True:
                held_and_approved(self.gateway, self.token, self.told)
        except GONE + (AssertionError, KeyError):
            pass


def held_and_approved(gateway, token, told):
    answer = gateway.agent(token, "POST", "/v1/actions", command("frobnicate"))
    if answer.status != 202:
        return
    action = answer.json["id"]
    told.decided.append(action)
    voted = gateway.vote(action, "alice")
    if voted.status == 200:
        told.votes.append(action)
        if voted.json["state"] == "granted":
            told.released.append(action)


class Record:
    """What the log's files say, read as far as they have grown."""

    def __init__(self, directory):
        self.directory, self.read = directory, {}
        self.decided, self.released, self.votes, self.outcomes, self.count = set(), set(), set(), set(), 0

    def catch_up(self):
        for path in sorted((self.directory / "segments").iterdir()):
            with open(path, "rb") as file:
                file.seek(self.read.get(path.name, 0))
                if path.name not in self.read:
                    self.read[path.name] = len(file.readline())
                for line in file:
                    if line.endswith(b"\n"):
                        self.read[path.name] += len(line)
                        self.take(json.loads(line))

    def take(self, record):
        self.count += 1
        kind, body = record["type"], record.get("body", {})
        if kind == "decision":
            self.decided.add(body["action"])
            if body["release"] == "now":
                self.released.add(body["action"])
        elif kind == "release":
            self.released.add(body["action"])
        elif kind == "vote":
            self.votes.add(body["vote"]["action"])
        elif kind == "outcome":
            self.outcomes.add(body["action"])

    def missing(self, told):
        """(acknowledged without a record, released without one)"""
        lost = sum(one not in self.decided for one in told.decided)
        lost += sum(one not in self.votes for one in told.votes)
        lost += sum(one not in self.outcomes for one in told.outcomes)
        return lost, sum(one not in self.released for one in told.released)


class Figures:
    def __init__(self):
        self.rounds = self.lost = self.unrecorded = self.unverified = self.unstarted = 0
        self.told, self.starts, self.records = Told(), [], 0

    def check(self, gateway, record, told):
        record.catch_up()
        lost, unrecorded = record.missing(told)
        self.rounds += 1
        self.lost += lost
        self.unrecorded += unrecorded
        self.told.add(told)
        report = subprocess.run([VERIFY, str(gateway.state / "log")], capture_output=True, text=True)
        if report.returncode != 0:
            self.unverified += 1
            print(report.stdout + report.stderr, flush=True)
        return lost == unrecorded == 0 and report.returncode == 0

    def broken(self):
        return self.lost + self.unrecorded + self.unverified + self.unstarted > 0

    def show(self, what):
        starts = sorted(self.starts) or [0]
        print(f"{what}: {self.rounds} rounds; {len(self.told.decided)} decisions, {len(self.told.released)} releases, "
              f"{len(self.told.votes)} votes, {len(self.told.outcomes)} outcomes acknowledged, {self.records} records\n"
              f"  lost {self.lost}, released without record {self.unrecorded}, logs that do not verify "
              f"{self.unverified}, gateways that did not start again {self.unstarted}\n"
              f"  start-up p50 {starts[len(starts) // 2] * 1e3:.0f} ms, max {starts[-1] * 1e3:.0f} ms", flush=True)


def kill(rounds):
    seed = int(os.environ.get("COUNTERSIGN_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"kill: seed {seed}", flush=True)
    chance, figures, gateway = random.Random(seed), Figures(), TimedGateway()
    record = Record(gateway.state / "log")
    try:
        gateway.enrol("alice")
        for number in range(rounds):
            loads = [Load(gateway, gateway.open_session()["token"], chance.random()) for _ in range(LOADS)]
            loads.append(Voter(gateway, gateway.open_session()["token"]))
            for load in loads:
                load.start()
            threading.Event().wait(chance.uniform(0.0, 0.25))
            gateway.kill()
            for load in loads:
                load.join()
            gateway.start()
            told = Told()
            for load in loads:
                told.add(load.told)
            figures.check(gateway, record, told)
            if (number + 1) % 100 == 0:
                print(f"  {number + 1} rounds, {record.count} records", flush=True)
        figures.starts, figures.records = gateway.starts[1:], record.count
    finally:
        gateway.close()
    figures.show("SIGKILL under load")
    return figures.broken()


# --- Starting with a long log --------------------------------------------------------------------------

def memory_mib(gateway):
    status = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def wait_for_index(gateway):
    began = time.monotonic()
    while gateway.people("GET", "/v1/audit?text=nothing").status != 200:
        threading.Event().wait(0.5)
    return time.monotonic() - began


def start_long(records):
    gateway = TimedGateway()
    try:
        session = gateway.open_session()
        gateway.stop()
        origin = (gateway.state / "log/key").read_text().split("+")[0]
        subprocess.run([os.environ["COUNTERSIGN_BENCH_AUDIT"], "--fill", gateway.state / "log",
                        gateway.state / "log.key", origin, str(records)], check=True)
        gateway.start()
        print(f"{records} records: start with none of them indexed {gateway.starts[-1] * 1e3:.0f} ms, "
              f"{memory_mib(gateway):.1f} MiB; indexed after {wait_for_index(gateway):.0f} s", flush=True)
        for how in (gateway.stop, gateway.kill):
            starts = []
            for _ in range(10):
                gateway.agent(session["token"], "POST", "/v1/actions", command("git status"))
                how()
                gateway.start()
                starts.append(gateway.starts[-1] * 1e3)
            print(f"  start after {how.__name__}: median {sorted(starts)[5]:.0f} ms, max {max(starts):.0f} ms; "
                  f"memory {memory_mib(gateway):.1f} MiB", flush=True)
        reindexed_and_killed(gateway)
    finally:
        gateway.close()
    return False


def reindexed_and_killed(gateway):
    began = time.monotonic()
    begun = gateway.people("POST", "/v1/audit-reindex", {})
    answered = time.monotonic() - began
    found = gateway.people("GET", "/v1/audit?type=gateway_start").status
    gateway.kill()
    gateway.start()
    print(f"  reindex answered {begun.status} after {answered * 1e3:.0f} ms, a search meanwhile {found}; "
          f"start after a kill in it {gateway.starts[-1] * 1e3:.0f} ms", flush=True)


# --- A disk that fails -------------------------------------------------------------------------------

def attempt(step):
    """A step that the failing disk may refuse; the day goes on."""
    try:
        return step()
    except GONE + (AssertionError, KeyError):
        return None


def scenario(gateway, told):
    """A short day: sessions, actions of every kind, a vote, an index made anew, a freeze, an end."""
    attempt(lambda: gateway.enrol("alice"))
    session = attempt(gateway.open_session) or attempt(gateway.open_session)
    if session is None:
        return
    for text in TEXTS:
        attempt(lambda text=text: ask_once(gateway, session["token"], text, told))
    attempt(lambda: held_and_approved(gateway, session["token"], told))
    attempt(lambda: gateway.people("POST", "/v1/audit-reindex", {}))
    attempt(lambda: gateway.people("POST", "/v1/freeze", {"reason": "test"}))
    attempt(lambda: ask_once(gateway, session["token"], TEXTS[0], told))
    attempt(lambda: gateway.people("POST", "/v1/thaw", {"reason": "test"}))
    attempt(lambda: ask_once(gateway, session["token"], TEXTS[0], told))
    attempt(lambda: gateway.people("POST", f"/v1/sessions/{session['session']['id']}/end", {"reason": "over"}))


def ask_once(gateway, token, text, told):
    connection = UnixConnection(gateway.run / "agent.sock", timeout=20)
    try:
        return ask(gateway, connection, token, text, told)
    finally:
        connection.close()


def one_fault(kind, mode, number, figures):
    """True when the fault happened: there is more to fail."""
    told = Told()
    with tempfile.NamedTemporaryFile(prefix="countersign-fault-") as mark:
        gateway = TimedGateway.__new__(TimedGateway)
        gateway.starts = []
        gateway.preloaded = {
            "LD_PRELOAD": os.environ["COUNTERSIGN_BENCH_FAULTS"], "COUNTERSIGN_FAULT_KIND": kind,
            "COUNTERSIGN_FAULT_MODE": mode, "COUNTERSIGN_FAULT_NUMBER": str(number),
            "COUNTERSIGN_FAULT_MARK": mark.name}
        gateway.prepare()
        gateway.preloaded["COUNTERSIGN_FAULT_DIRECTORY"] = str(gateway.state)
        try:
            try:
                gateway.start()
                scenario(gateway, told)
                gateway.stop()
            except GONE + (AssertionError, KeyError, RuntimeError, subprocess.SubprocessError):
                pass
            if gateway.process.poll() is None:
                gateway.kill()
            gateway.preloaded = {}
            try:
                gateway.start()
            except RuntimeError as error:
                figures.unstarted += 1
                print(f"  {kind} {number} {mode}: {error}", flush=True)
                return True
            figures.starts.append(gateway.starts[-1])
            record = Record(gateway.state / "log")
            if not figures.check(gateway, record, told):
                print(f"  BROKEN by {kind} {number} {mode}", flush=True)
            figures.records += record.count
            return os.path.getsize(mark.name) > 0
        finally:
            gateway.close()


def faults(stride):
    figures = Figures()
    for kind, mode in (("write", "once"), ("write", "short"), ("write", "full"), ("sync", "once"), ("sync", "full"),
                       ("open", "once"), ("open", "full"), ("rename", "once"), ("truncate", "once")):
        number = 1
        while one_fault(kind, mode, number, figures):
            number += stride
        print(f"  {kind} {mode}: the gateway makes fewer than {number} such calls", flush=True)
    figures.show("a disk that fails")
    return figures.broken()


if __name__ == "__main__":
    verb = {"kill": (kill, 1000), "start": (start_long, 1_000_000), "faults": (faults, 1)}[sys.argv[1]]
    sys.exit(verb[0](int(sys.argv[2]) if len(sys.argv) > 2 else verb[1]))
