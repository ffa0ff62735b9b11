"""The evidence that people carry away, end to end: a real gateway writes, `countersign audit ...` reads
the files, and what leaves the machine is checked by programs that were not written with it: Go's
packages, tools/verify_log.py, and a witness on loopback that is written here after the C2SP pages."""

import base64
import csv
import hashlib
import http.server
import io
import json
import os
import pathlib
import subprocess
import sys
import threading
import unittest

SOURCE = pathlib.Path(os.environ["COUNTERSIGN_SOURCE"])
sys.path += [str(SOURCE / "tests/api"), str(SOURCE / "tools")]

import verify_log as independent  # noqa: E402
from gateway import Gateway, command  # noqa: E402

COUNTERSIGN = os.environ["COUNTERSIGN_TEST_CLIENT"]
GO_VERIFY = os.environ["COUNTERSIGN_GO_VERIFY"]


def ed25519_sign(seed, message):
    """RFC 8032, with the verifier's own curve arithmetic."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    public = encode(independent.point_mul(scalar, independent.BASE))
    nonce = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % independent.L
    r = encode(independent.point_mul(nonce, independent.BASE))
    challenge = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % independent.L
    return public, r + ((nonce + challenge * scalar) % independent.L).to_bytes(32, "little")


def encode(point):
    inverse = pow(point[2], independent.P - 2, independent.P)
    x, y = point[0] * inverse % independent.P, point[1] * inverse % independent.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def consistent(first, second, first_root, second_root, proof):
    """RFC 9162 section 2.1.4.2."""
    if first == second:
        return first_root == second_root and not proof
    node = lambda left, right: hashlib.sha256(b"\1" + left + right).digest()  # noqa: E731
    proof = list(proof)
    if first & (first - 1) == 0:
        proof.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for hash_ in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(hash_, fr), node(hash_, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, hash_)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


class Witness(http.server.ThreadingHTTPServer):
    """C2SP tlog-witness for one log, in memory."""

    def __init__(self, log_key):
        self.log_key, self.size, self.root, self.seed = independent.read_key(log_key), 0, b"", b"w" * 32
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = "witness.example/w1"
        self.public, _ = ed25519_sign(self.seed, b"")
        self.id = hashlib.sha256(self.name.encode() + b"\n\4" + self.public).digest()[:4]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def key(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([4]) + self.public).decode()}\n"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add_checkpoint(self, body):
        head, note = body.split("\n\n", 1)
        old, *proof = head.split("\n")
        try:
            size, root = independent.open_checkpoint(note, self.log_key)
        except independent.Bad:
            return 403, ""
        if int(old.removeprefix("old ")) != self.size:
            return 409, f"{self.size}\n"
        if self.size and not consistent(self.size, size, self.root, root, [base64.b64decode(h) for h in proof]):
            return 422, ""
        self.size, self.root = size, root
        text = note.rpartition("\n\n")[0] + "\n"
        _, signature = ed25519_sign(self.seed, b"cosignature/v1\ntime 1800000000\n" + text.encode())
        stamped = self.id + (1800000000).to_bytes(8, "big") + signature
        return 200, f"\u2014 {self.name} {base64.b64encode(stamped).decode()}\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, answer = self.server.add_checkpoint(body) if self.path == "/add-checkpoint" else (404, "")
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


class Evidence(unittest.TestCase):
    def setUp(self):
        self.gateway = Gateway()
        self.addCleanup(self.gateway.close)
        self.session = self.gateway.open_session()
        for name in ("alice", "bob"):
            self.gateway.enrol(name)

    def run_client(self, *words, status=0):
        done = subprocess.run([COUNTERSIGN, "audit", *words], env=self.gateway.environment, capture_output=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout.decode()

    def act(self, text):
        answer = self.gateway.agent(self.session["token"], "POST", "/v1/actions", command(text))
        return answer.json["id"]

    def checkpoint(self):
        return self.gateway.people("GET", "/v1/audit-checkpoint").json

    def file(self, name, text):
        path = self.gateway.directory / name
        path.write_text(text)
        return str(path)

    def voted_action(self):
        action = self.act("frobnicate --all")
        self.gateway.vote(action, "alice")
        return action

    def test_receipts_and_attestations_verify_with_the_key_alone(self):
        action = self.voted_action()
        key = self.file("log.key", self.checkpoint()["verifier"] + "\n")
        receipt = self.file("receipt", self.run_client("receipt", action))
        said = json.loads(self.run_client("verify", "--json", "--public-key", key, receipt))
        self.assertEqual((said["action"], said["state"], said["approvers"]), (action, "released", ["alice"]))
        wrapped = self.file("attestation", self.run_client("receipt", "--format", "in-toto", action))
        self.assertEqual(json.loads(self.run_client("verify", "--json", "--public-key", key, wrapped)), said)
        subprocess.run([GO_VERIFY, "-receipt", self.checkpoint()["verifier"], receipt], check=True,
                       stdout=subprocess.DEVNULL)
        for path in (receipt, wrapped):
            text = pathlib.Path(path).read_text()
            for old, new in (("alice", "malice"), ("sha256", "sha25 6"), ("payload", "pay1oad")):
                if old in text:
                    changed = self.file("changed", text.replace(old, new, 1))
                    self.run_client("verify", "--public-key", key, changed, status=1)

    def test_a_record_is_proved_and_the_log_published_for_go(self):
        for i in range(300):
            self.act(f"git log -n {i}")
        verifier = self.checkpoint()["verifier"]
        before = self.file("before", self.checkpoint()["checkpoint"])
        self.voted_action()
        self.checkpoint()
        proof = self.file("record.tlog-proof", self.run_client("prove", "42"))
        self.assertEqual(json.loads(self.run_client("verify", "--json", proof))["seq"], 42)
        self.run_client("verify", self.file("changed", pathlib.Path(proof).read_text().replace("index 42", "index 43")),
                        status=1)
        out = str(self.gateway.directory / "out")
        report = json.loads(self.run_client("publish", "--json", out))
        self.assertGreater(report["records"], 300)
        subprocess.run([GO_VERIFY, verifier, out, before], check=True, stdout=subprocess.DEVNULL)
        served = self.gateway.people("GET", "/log/tile/entries/000").body
        self.assertEqual(served, pathlib.Path(out, "tile/entries/000").read_bytes())
        self.run_client("verify", "--checkpoint", before)
        since = json.loads(self.run_client("verify", "--json", "--since", before))
        self.assertEqual(since["since"] + sum(since["by_type"].values()), since["records"])
        self.assertIn("release", since["by_type"])
        self.run_client("verify", "--since", self.file("other", since["root"]), status=1)
        log = str(self.gateway.state / "log")
        subprocess.run([sys.executable, str(SOURCE / "tools/verify_log.py"), log, "--checkpoint", before], check=True,
                       stdout=subprocess.DEVNULL)

    def test_checkpoints_go_into_a_git_repository(self):
        out = self.gateway.directory / "out"
        git = ["git", "-C", str(out), "-c", "safe.directory=*"]
        subprocess.run(["git", "init", "-q", str(out)], check=True)
        for name, value in (("user.name", "t"), ("user.email", "t@example")):
            subprocess.run([*git, "config", name, value], check=True)
        for text in ("git status", "git diff"):
            self.act(text)
            self.checkpoint()
            self.run_client("publish", "--git", str(out))
            self.run_client("publish", "--git", str(out))
        history = subprocess.run([*git, "log", "--oneline", "--", "checkpoint"], check=True, capture_output=True)
        self.assertEqual(len(history.stdout.splitlines()), 2)

    def test_a_witness_cosigns_and_is_demanded(self):
        witness = Witness(self.checkpoint()["verifier"])
        self.addCleanup(witness.server_close)
        self.addCleanup(witness.shutdown)
        key = self.file("witness.key", witness.key)
        self.run_client("verify", "--witness", key, status=1)
        for text in ("git status", "git diff", "ls"):
            self.act(text)
            self.checkpoint()
            said = json.loads(self.run_client("witness", "--json", witness.url, key))
            self.assertEqual(said["records"], witness.size)
        said = json.loads(self.run_client("verify", "--json", "--witness", key))
        self.assertEqual(said["witnessed_records"], {witness.name: witness.size})
        # The witness has seen another history: it refuses, and the reason is told.
        witness.root = b"x" * 32
        self.act("git log")
        self.checkpoint()
        done = subprocess.run([COUNTERSIGN, "audit", "witness", witness.url, key], env=self.gateway.environment,
                              capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"history was rewritten", done.stderr)

    def test_exports_of_a_story(self):
        self.voted_action()
        self.act("cat \"x,\ny\" | head")
        self.checkpoint()
        lines = self.run_client("export").splitlines()
        rows = list(csv.DictReader(io.StringIO(self.run_client("export", "--format", "csv"), newline="")))
        self.assertEqual([row["seq"] for row in rows], [str(i) for i in range(len(lines))])
        self.assertIn("cat \"x,\ny\" | head", [row["what"] for row in rows])
        for name in ("cef", "ocsf", "otlp", "syslog"):
            made = self.run_client("export", "--format", name)
            self.assertEqual(made.count("\n"), len(lines), name)
        for line in self.run_client("export", "--format", "ocsf").splitlines():
            event = json.loads(line)
            self.assertEqual(event["type_uid"], event["class_uid"] * 100 + event["activity_id"])
        only = self.run_client("export", "--type", "vote").splitlines()
        self.assertEqual([json.loads(line)["type"] for line in only], ["vote"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
