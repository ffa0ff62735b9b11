"""A real countersignd in a directory of its own, and callers of its three doors.

Nothing here sleeps: waiting is done on the socket, on the process, or by the gateway itself (?wait=).
"""

import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile

PROGRAM = os.environ.get("COUNTERSIGN_TEST_GATEWAY", "")
START_LIMIT_S = 30


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("countersign", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.type = (response.getheader("Content-Type") or "").split(";")[0]
        self.close = response.getheader("Connection") == "close"
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Gateway:
    """Started on construction; close() ends it. `directory` survives a restart()."""

    def __init__(self, settings='[gateway]\nport = 0\n', policies=None):
        self.prepare(settings, policies)
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def prepare(self, settings='[gateway]\nport = 0\n', policies=None):
        """The directories of a gateway that is not started yet."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="countersign-api-"))
        self.config = self.directory / "config" / "countersign"
        self.state = self.directory / "state" / "countersign"
        self.run = self.directory / "run" / "countersign"
        (self.config / "policies").mkdir(parents=True)
        self.run.parent.mkdir(mode=0o700)
        (self.config / "countersignd.toml").write_text(settings)
        for name, text in (policies or {}).items():
            (self.config / "policies" / name).write_text(text)
        self.process = None

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.directory),
                "XDG_CONFIG_HOME": str(self.config.parent), "XDG_STATE_HOME": str(self.state.parent),
                "XDG_RUNTIME_DIR": str(self.run.parent)}

    def start(self):
        self.process = subprocess.Popen([PROGRAM], env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.log = b""
        self.port = None
        while b"serves in" not in self.log:
            ready, _, _ = select.select([self.process.stderr], [], [], START_LIMIT_S)
            piece = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            if not piece:
                raise RuntimeError("the gateway did not start: " + self.log.decode())
            self.log += piece
        if b"127.0.0.1:" in self.log:
            self.port = int(self.log.rsplit(b"127.0.0.1:", 1)[1].split()[0])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_LIMIT_S)
        self.process.stderr.close()
        return code

    def restart(self):
        self.kill()
        self.start()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.directory)

    # --- callers -------------------------------------------------------------------------------
    @property
    def operator_token(self):
        return (self.state / "operator.token").read_text().strip()

    def call(self, connection, method, target, body=None, token=None, headers=None):
        send = dict(headers or {})
        if token:
            send["Authorization"] = "Bearer " + token
        payload = None
        if method == "POST":
            payload = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
            send.setdefault("Content-Type", "application/json")
        connection.request(method, target, payload, send)
        return Answer(connection.getresponse())

    def people(self, method, target, body=None, token=None, headers=None):
        connection = UnixConnection(self.run / "operator.sock")
        try:
            return self.call(connection, method, target, body, token or self.operator_token, headers)
        finally:
            connection.close()

    def agent(self, token, method, target, body=None, headers=None):
        connection = UnixConnection(self.run / "agent.sock")
        try:
            return self.call(connection, method, target, body, token, headers)
        finally:
            connection.close()

    def browser(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return self.call(connection, method, target, body, self.operator_token, headers)
        finally:
            connection.close()

    # --- what tests do often -------------------------------------------------------------------
    def open_session(self, **changes):
        request = {"agent": {"id": "robot", "type": "coding"}, "principal": "developer", "purpose": "test",
                   "door": "api", "host": "here", "workspace": "/home/dev/project", "home": "/home/dev",
                   "contained": False, "staged": False, "ceiling": "irreversible", "lifetime_s": 600,
                   "process_id": None}
        request.update(changes)
        answer = self.people("POST", "/v1/sessions", request)
        assert answer.status == 201, answer.body
        return answer.json

    def enrol(self, name):
        key = self.directory / ("key-" + name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
        line = " ".join(key.with_suffix(".pub").read_text().split()[:2]) if key.suffix else \
            " ".join(pathlib.Path(str(key) + ".pub").read_text().split()[:2])
        answer = self.people("POST", "/v1/approvers", {"name": name, "public_key": line})
        assert answer.status == 201, answer.body
        return answer.json

    def sign(self, name, statement, namespace="countersign-vote@v1"):
        done = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(self.directory / ("key-" + name)),
                               "-n", namespace], input=statement.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True)
        return done.stdout.decode()

    def ballot(self, action, name, ballot="approve", comment=""):
        target = f"/v1/actions/{action}/statement?ballot={ballot}&approver={name}"
        answer = self.people("GET", target + (f"&comment={comment}" if comment else ""))
        assert answer.status == 200, answer.body
        vote = answer.json["vote"]
        vote["signature"] = self.sign(name, answer.json["statement"])
        return vote

    def vote(self, action, name, ballot="approve"):
        return self.people("POST", f"/v1/actions/{action}/votes", self.ballot(action, name, ballot))


def command(text, directory="/home/dev/project", **context):
    return {"action": {"kind": "command", "text": text}, "context": {"directory": directory, "door": "api", **context}}
