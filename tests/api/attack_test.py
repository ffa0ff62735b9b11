"""Attacks on the gateway's doors, each a test named after it. None may succeed, and the gateway must
serve as before afterwards."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import unittest

from gateway import PROGRAM, Gateway, UnixConnection, command


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway()
        cls.token = cls.gateway.open_session()["token"]
        for name in ("alice", "bob", "carol", "robot-2"):
            cls.gateway.enrol(name)

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()

    def tearDown(self):
        self.assertEqual(self.gateway.people("GET", "/v1/status").status, 200)

    def problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.type), (status, "application/problem+json"), answer.body)
        self.assertEqual(answer.json["code"], code)
        self.assertTrue(answer.json["detail"])

    def held(self, token=None, text="rm -rf /srv/data"):
        answer = self.gateway.agent(token or self.token, "POST", "/v1/actions", command(text))
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json

    def raw(self, door, data, limit=1 << 20):
        """Sends bytes as they are and reads until the gateway closes or has answered."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(self.gateway.run / door))
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            read = b""
            while len(read) < limit:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                read += piece
                if b"Connection: close" not in read and b"\r\n\r\n" in read:
                    break
            return read

    # --- credentials ----------------------------------------------------------------------------
    def test_agent_token_on_the_operator_socket(self):
        self.problem(self.gateway.people("GET", "/v1/status", token=self.token), 401, "unauthenticated")

    def test_operator_token_on_the_agent_socket(self):
        token = self.gateway.operator_token
        self.problem(self.gateway.agent(token, "POST", "/v1/actions", command("ls")), 401, "unauthenticated")

    def test_operator_routes_on_the_agent_socket(self):
        for method, target in (("GET", "/v1/status"), ("POST", "/v1/rules"), ("POST", "/v1/sessions"),
                               ("POST", "/v1/freeze"), ("GET", "/v1/audit"), ("GET", "/metrics")):
            answer = self.gateway.agent(self.token, method, target)
            self.problem(answer, 404, "not_found")

    def test_no_token_and_ill_formed_tokens(self):
        for value in (None, "cst_", "cst_" + "A" * 43, "Bearer", "cst_" + "=" * 43, "x" * 8000):
            self.assertEqual(self.gateway.agent(value, "POST", "/v1/actions", command("ls")).status, 401)

    def test_token_dies_with_its_session_and_its_children_with_it(self):
        parent = self.gateway.open_session()
        child = self.gateway.agent(parent["token"], "POST", f"/v1/sessions/{parent['session']['id']}/delegate",
                                   {"agent": {"id": "child", "type": "coding"}}).json
        waiting = self.held(child["token"])
        self.gateway.people("POST", f"/v1/sessions/{parent['session']['id']}/revoke", {"reason": "test"})
        for token in (parent["token"], child["token"]):
            self.problem(self.gateway.agent(token, "POST", "/v1/actions", command("ls")), 401, "unauthenticated")
        self.assertEqual(self.gateway.people("GET", f"/v1/actions/{waiting['id']}").json["state"], "denied")

    def test_delegated_session_is_never_wider(self):
        parent = self.gateway.open_session(ceiling="idempotent_write", lifetime_s=60)
        target = f"/v1/sessions/{parent['session']['id']}/delegate"
        wider = self.gateway.agent(parent["token"], "POST", target,
                                   {"agent": {"id": "c", "type": "coding"}, "ceiling": "irreversible"})
        self.problem(wider, 403, "permission_denied")
        child = self.gateway.agent(parent["token"], "POST", target,
                                   {"agent": {"id": "c", "type": "coding"}, "lifetime_s": 604800}).json
        self.assertLessEqual(child["session"]["expires"], parent["session"]["expires"])
        denied = self.gateway.agent(child["token"], "POST", "/v1/actions", command("rm -rf /srv/data")).json
        self.assertEqual(denied["state"], "denied")

    def test_what_a_person_typed_is_no_leave_for_the_agent(self):
        typed = {"kind": "exec", "argv": ["frobnicate", "--now"], "program": "/usr/bin/frobnicate"}
        start = {"action": typed, "context": {"door": "run", "directory": "/home/dev/project"}}
        opened = self.gateway.open_session(command=typed["argv"], directory="/home/dev/project")
        target = f"/v1/sessions/{opened['session']['id']}/delegate"
        child = self.gateway.agent(opened["token"], "POST", target, {"agent": {"id": "c", "type": "coding"}}).json
        self.assertEqual(self.gateway.agent(child["token"], "POST", "/v1/actions", start).json["state"], "pending")
        first = self.gateway.agent(opened["token"], "POST", "/v1/actions", start).json
        self.assertEqual((first["state"], first["decided_by"]), ("granted", "started by developer"))
        for within in ("", first["id"]):
            start["context"]["within"] = within
            again = self.gateway.agent(opened["token"], "POST", "/v1/actions", start).json
            self.assertEqual(again["state"], "pending", within)
        widened = self.gateway.agent(opened["token"], "POST", target,
                                     {"agent": {"id": "d", "type": "coding"}, "command": typed["argv"]})
        self.assertEqual(widened.status, 400, widened.body)

    def test_an_agent_cannot_say_who_it_is(self):
        request = command("git status", session="s-0000000000000000", principal="root", contained=True, staged=True,
                          agent={"id": "somebody", "type": "deploy"}, workspace="/")
        answer = self.gateway.agent(self.token, "POST", "/v1/actions", request)
        view = self.gateway.people("GET", f"/v1/actions/{answer.json['id']}").json["request"]["context"]
        self.assertEqual((view["agent"]["id"], view["agent"]["type"], view["principal"], view["contained"],
                          view["staged"], view["workspace"]),
                         ("robot", "coding", "developer", False, False, "/home/dev/project"))

    def test_actions_of_another_session(self):
        other = self.gateway.open_session()["token"]
        action = self.held()["id"]
        self.problem(self.gateway.agent(other, "GET", f"/v1/actions/{action}"), 404, "not_found")
        self.problem(self.gateway.agent(other, "POST", f"/v1/actions/{action}/outcome", {}), 404, "not_found")

    # --- votes ----------------------------------------------------------------------------------
    def test_vote_replayed(self):
        action = self.held()["id"]
        vote = self.gateway.ballot(action, "alice")
        self.assertEqual(self.gateway.people("POST", f"/v1/actions/{action}/votes", vote).status, 200)
        self.problem(self.gateway.people("POST", f"/v1/actions/{action}/votes", vote), 409, "conflict")

    def test_vote_for_another_action(self):
        first, second = self.held()["id"], self.held()["id"]
        vote = self.gateway.ballot(first, "alice")
        self.problem(self.gateway.people("POST", f"/v1/actions/{second}/votes", vote), 409, "conflict")
        vote["action"] = second
        self.problem(self.gateway.people("POST", f"/v1/actions/{second}/votes", vote), 403, "permission_denied")
        vote["action_digest"] = self.gateway.people("GET", f"/v1/actions/{second}").json["digest"]
        self.problem(self.gateway.people("POST", f"/v1/actions/{second}/votes", vote), 403, "permission_denied")

    def test_vote_in_somebody_elses_name(self):
        action = self.held()["id"]
        vote = self.gateway.ballot(action, "alice")
        vote["approver"] = "bob"
        self.problem(self.gateway.people("POST", f"/v1/actions/{action}/votes", vote), 403, "permission_denied")

    def test_denial_turned_into_approval(self):
        action = self.held()["id"]
        vote = self.gateway.ballot(action, "alice", "deny")
        vote["ballot"] = "approve"
        self.problem(self.gateway.people("POST", f"/v1/actions/{action}/votes", vote), 403, "permission_denied")

    def test_vote_signed_for_another_purpose(self):
        action = self.held()["id"]
        answer = self.gateway.people("GET", f"/v1/actions/{action}/statement?ballot=approve&approver=alice").json
        vote = dict(answer["vote"], signature=self.gateway.sign("alice", answer["statement"], "git"))
        self.problem(self.gateway.people("POST", f"/v1/actions/{action}/votes", vote), 403, "permission_denied")

    def test_requester_votes_for_itself(self):
        token = self.gateway.open_session(agent={"id": "robot-2", "type": "coding"})["token"]
        action = self.held(token)["id"]
        self.problem(self.gateway.vote(action, "robot-2"), 403, "permission_denied")

    def test_one_person_is_not_two(self):
        action = self.held()["id"]
        self.assertEqual(self.gateway.vote(action, "alice").json["state"], "pending")
        self.problem(self.gateway.vote(action, "alice"), 409, "conflict")

    def test_vote_after_the_end(self):
        action = self.held()["id"]
        late = self.gateway.ballot(action, "bob")
        self.assertEqual(self.gateway.vote(action, "alice", "deny").json["state"], "denied")
        self.problem(self.gateway.people("POST", f"/v1/actions/{action}/votes", late), 409, "conflict")

    def test_outcome_of_what_was_never_released(self):
        action = self.held()["id"]
        self.problem(self.gateway.agent(self.token, "POST", f"/v1/actions/{action}/outcome", {"exit_code": 0}), 409,
                     "conflict")

    # --- content --------------------------------------------------------------------------------
    def test_secrets_reach_neither_answer_nor_disk(self):
        secret = "ghp_" + "a1B2" * 9
        self.gateway.agent(self.token, "POST", "/v1/actions", command(f"curl -H 'Authorization: token {secret}' x"))
        self.assertNotIn(secret.encode(), self.gateway.people("GET", "/v1/actions?limit=5").body)
        self.gateway.people("GET", "/v1/audit?text=curl")
        for path in self.gateway.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_equal_secrets_have_equal_marks_and_stand_nowhere(self):
        secret, other = "correcthorse9battery", "correcthorse9staple"
        session = self.gateway.open_session(purpose=f"deploy with --password {secret}")
        texts = (f"tool --password {secret}", f"export DB_PASSWORD={secret}", f"tool --password {other}")
        marks = []
        for text in texts:
            action = self.gateway.agent(session["token"], "POST", "/v1/actions", command(text)).json
            shown = self.gateway.people("GET", f"/v1/actions/{action['id']}").body.decode()
            marks.append(set(re.findall(r"\[redacted:[a-z_]+#([0-9a-f]{16})\]", shown)))
        purpose = marks[0] & marks[1] & marks[2]
        self.assertEqual([len(found - purpose) for found in marks], [0, 0, 1])
        self.assertEqual(len(purpose), 1)
        self.gateway.agent(session["token"], "POST", "/v1/observations",
                           {"source": f"https://ann:{secret}@docs.example/", "content": f"password={secret}"})
        path = self.gateway.state / "redaction.key"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        key = path.read_text().strip()
        self.gateway.people("GET", "/v1/audit?text=tool")
        for file in self.gateway.state.rglob("*"):
            if file.is_file() and file != path:
                content = file.read_bytes()
                for gone in (secret, other, key):
                    self.assertNotIn(gone.encode(), content, file)
                self.assertNotIn(bytes.fromhex(key), content, file)

    def test_session_token_stands_on_no_disk(self):
        self.gateway.people("GET", "/v1/audit?text=x")
        for path in self.gateway.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(self.token.encode(), path.read_bytes(), path)

    def test_text_that_is_not_bash(self):
        answer = self.gateway.agent(self.token, "POST", "/v1/actions", command("echo $((")).json
        self.assertEqual((answer["state"], answer["verdict"]["decision"]), ("denied", "deny"))
        self.assertIn("syntax_error", [one["kind"] for one in answer["verdict"]["findings"]])

    def test_nul_byte_in_a_command(self):
        answer = self.gateway.agent(self.token, "POST", "/v1/actions", command("ls\0rm"))
        self.assertEqual(answer.status, 400, answer.body)

    def test_megabyte_command_and_a_hundred_thousand_words(self):
        for text in ("echo " + "a" * (1 << 20), "echo " + "a " * 100_000, "echo " + "a" * (1 << 19)):
            answer = self.gateway.agent(self.token, "POST", "/v1/actions", command(text))
            self.assertIn(answer.status, (200, 202, 400, 413), answer.body[:200])

    def test_malformed_json(self):
        for body in (b"{", b"[]", b'{"action":{"kind":"command","text":"ls","text":"rm"},"context":{}}', b"\xff",
                     b'{"action":' + b"[" * 5000 + b"]" * 5000 + b"}", b'{"action":{}} x'):
            answer = self.gateway.agent(self.token, "POST", "/v1/actions", body)
            self.assertEqual(answer.status // 100, 4, body[:60])

    def test_wrong_content_type(self):
        answer = self.gateway.people("POST", "/v1/freeze", b"{}", headers={"Content-Type": "text/plain"})
        self.problem(answer, 415, "unsupported")

    # --- HTTP -----------------------------------------------------------------------------------
    def test_path_traversal_in_ids(self):
        for target in ("/v1/incidents/../../operator.token", "/v1/incidents/%2e%2e%2f%2e%2e%2foperator.token",
                       "/v1/actions/..%2f..%2flog.key/receipt", "/v1/rules/%00", "/v1//actions", "/v1/actions/",
                       "/v1/audit/-1", "/v1/audit/1e3", "/v1/actions/%zz", "http://evil/v1/status", "*"):
            answer = self.gateway.people("GET", target)
            self.assertIn(answer.status, (400, 404), target)
            self.assertNotIn(b"cso_", answer.body)

    def test_oversized_header(self):
        answer = self.raw("agent.sock", b"GET /v1/actions/x HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 431"), answer[:100])

    def test_oversized_body(self):
        head = b"POST /v1/actions HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
        self.assertTrue(self.raw("agent.sock", head).startswith(b"HTTP/1.1 413"))

    def test_not_http(self):
        self.assertTrue(self.raw("agent.sock", b"\x16\x03\x01\x02\x00\r\n\r\n").startswith(b"HTTP/1.1 400"))

    def test_request_smuggling(self):
        for head in (b"Content-Length: 2\r\nContent-Length: 3\r\n", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
                     b"Host: a\r\nHost: b\r\n", b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"):
            answer = self.raw("agent.sock", b"POST /v1/actions HTTP/1.1\r\n" + head + b"\r\n{}")
            self.assertFalse(answer.startswith(b"HTTP/1.1 2"), answer[:200])

    def test_other_methods(self):
        connection = UnixConnection(self.gateway.run / "operator.sock")
        self.assertEqual(self.gateway.call(connection, "DELETE", "/v1/rules/x", token=self.gateway.operator_token).status, 405)
        connection.close()
        self.assertEqual(self.gateway.people("GET", "/v1/freeze").status, 405)

    def test_slow_loris_does_not_hold_up_others(self):
        silent = []
        for _ in range(200):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.gateway.run / "agent.sock"))
            connection.sendall(b"POST /v1/act")
            silent.append(connection)
        self.assertEqual(self.gateway.agent(self.token, "POST", "/v1/actions", command("git status")).status, 200)
        for connection in silent:
            connection.close()

    def test_agents_cannot_use_up_peoples_connections(self):
        many = []
        for _ in range(600):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.gateway.run / "agent.sock"))
            many.append(connection)
        self.assertEqual(self.gateway.people("GET", "/v1/status").status, 200)
        for connection in many:
            connection.close()

    def test_queue_of_one_session_does_not_starve_another(self):
        greedy, modest = self.gateway.open_session()["token"], self.gateway.open_session()["token"]
        states = [self.gateway.agent(greedy, "POST", "/v1/actions", command(f"frob {i}")).json["state"] for i in range(70)]
        self.assertEqual(states[-1], "denied")
        self.assertEqual(self.held(modest, "frob x")["state"], "pending")

    def test_refusals_of_one_agent_do_not_hide_anothers(self):
        """60 lines a minute for all together had let an agent use them up before another one's came."""
        gateway = Gateway()
        try:
            loud, modest = gateway.open_session(), gateway.open_session()
            child = gateway.agent(loud["token"], "POST", f"/v1/sessions/{loud['session']['id']}/delegate",
                                  {"agent": {"id": "robot-2", "type": "coding"}, "lifetime_s": 60}).json
            for _ in range(100):
                for token in (loud["token"], child["token"]):
                    gateway.agent(token, "POST", "/v1/refusals", {"door": "hook", "reason": "noise"})
            gateway.agent(modest["token"], "POST", "/v1/refusals", {"door": "hook", "reason": "the one to see"})
            for _ in range(40):
                self.assertEqual(gateway.agent("cst_wrong", "GET", "/v1/session").status, 401)
            gateway.people("POST", "/v1/refusals", {"door": "hook", "reason": "of a door"})
            gateway.process.send_signal(signal.SIGTERM)
            log = gateway.process.communicate(timeout=30)[1].decode()
        finally:
            gateway.close()
        self.assertIn(f"from {modest['session']['id']}: hook: the one to see", log)
        self.assertIn(f"refused at the operator door from process {os.getpid()}: hook: of a door", log)
        self.assertEqual(log.count(": hook: noise"), 40)
        for one in (loud, child):
            self.assertIn(f"refusals of {one['session']['id']} that were not written here: 80", log)
        self.assertIn("callers refused at the agent door beyond those recorded: 10", log)

    def test_idempotency_key(self):
        headers = {"Idempotency-Key": "one"}
        first = self.gateway.agent(self.token, "POST", "/v1/actions", command("frob once"), headers).json
        again = self.gateway.agent(self.token, "POST", "/v1/actions", command("frob once"), headers).json
        self.assertEqual(first["id"], again["id"])
        other = self.gateway.agent(self.token, "POST", "/v1/actions", command("frob twice"), headers)
        self.problem(other, 409, "conflict")
        stranger = self.gateway.open_session()["token"]
        separate = self.gateway.agent(stranger, "POST", "/v1/actions", command("frob once"), headers).json
        self.assertNotEqual(first["id"], separate["id"])

    # --- browsers -------------------------------------------------------------------------------
    def test_dns_rebinding(self):
        for host in ("evil.example", f"evil.example:{self.gateway.port}", "127.0.0.1", "localhost:1", ""):
            answer = self.gateway.browser("GET", "/v1/status", headers={"Host": host})
            self.assertEqual(answer.status, 421, host)
        self.assertEqual(self.gateway.browser("GET", "/v1/status").status, 200)

    def test_cross_site_requests(self):
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Sec-Fetch-Site": "same-site"}):
            self.assertEqual(self.gateway.browser("POST", "/v1/freeze", {}, headers=headers).status, 421, headers)
        own = {"Origin": f"http://127.0.0.1:{self.gateway.port}", "Sec-Fetch-Site": "same-origin"}
        self.assertEqual(self.gateway.browser("GET", "/v1/status", headers=own).status, 200)

    # --- the machine ----------------------------------------------------------------------------
    def test_files_are_closed_to_others(self):
        for path in (self.gateway.state, self.gateway.run, *self.gateway.state.rglob("*"), *self.gateway.run.rglob("*")):
            self.assertEqual(stat.S_IMODE(path.lstat().st_mode) & 0o077, 0, path)

    def test_two_gateways_at_once(self):
        second = subprocess.run([PROGRAM], env=self.gateway.environment, capture_output=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"another gateway", second.stderr)

    def test_gateway_cannot_start_programs(self):
        status = pathlib.Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)

    def test_idle_gateway_is_small(self):
        gateway = Gateway()
        try:
            status = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
            resident = int(status.split("VmRSS:")[1].split()[0])
            # AddressSanitizer keeps what was freed, and shadows all.
            sanitized = b"__asan_init" in pathlib.Path(PROGRAM).read_bytes()
            self.assertLess(resident, (400 if sanitized else 40) * 1024)
        finally:
            gateway.close()

    def test_malformed_settings_and_policies_stop_the_start(self):
        for arguments in ({"settings": "[gateway]\nport = 99999\n"}, {"settings": "[gateway]\nprot = 1\n"},
                          {"policies": {"a.toml": "[[rule]\n"}}):
            with self.assertRaises(RuntimeError):
                Gateway(**arguments)


if __name__ == "__main__":
    unittest.main(verbosity=2)
