#!/usr/bin/env python3
"""Verifies a Countersign audit log from its files alone, with nothing but Python's standard library.

    tools/verify_log.py DIRECTORY [--key VERIFIER_KEY] [--checkpoint FILE]

Written independently of the C++ code, after docs/formats/*.md: chain, order, Merkle root,
checkpoint signatures, and that every release has its decision and its votes. Exit 0 good, 1 bad
(the first bad record is named), 2 not a log.
"""

import base64
import hashlib
import json
import os
import sys

# --- Ed25519 (RFC 8032), verification only ------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    """Extended twisted Edwards coordinates (X, Y, Z, T)."""
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    u = 2 * a[3] * b[3] * D % P
    v = 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_mul(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decode(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * SQRT_M1 % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point_decode(BASE_Y.to_bytes(32, "little"))


def ed25519_verify(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = point_decode(key), point_decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = point_mul(s, BASE), point_add(r, point_mul(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and \
        (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- SSH formats --------------------------------------------------------------------------------

def ssh_string(data):
    return len(data).to_bytes(4, "big") + data


def take_string(data):
    length = int.from_bytes(data[:4], "big")
    return data[4:4 + length], data[4 + length:]


def ssh_public_key(line):
    wire = base64.b64decode(line.split()[1], validate=True)
    kind, rest = take_string(wire)
    key, rest = take_string(rest)
    return key if kind == b"ssh-ed25519" and not rest else None


def sshsig_verify(line, armored, namespace, message):
    rows = armored.strip().split("\n")
    if rows[0] != "-----BEGIN SSH SIGNATURE-----" or rows[-1] != "-----END SSH SIGNATURE-----":
        return False
    data = base64.b64decode("".join(rows[1:-1]), validate=True)
    if data[:10] != b"SSHSIG\0\0\0\1":
        return False
    public, rest = take_string(data[10:])
    space, rest = take_string(rest)
    reserved, rest = take_string(rest)
    algorithm, rest = take_string(rest)
    signature, rest = take_string(rest)
    kind, inner = take_string(signature)
    raw, inner = take_string(inner)
    key = ssh_public_key(line)
    if rest or inner or reserved or kind != b"ssh-ed25519" or key is None:
        return False
    if algorithm not in (b"sha512", b"sha256") or space != namespace.encode():
        return False
    if public != ssh_string(b"ssh-ed25519") + ssh_string(key):
        return False
    digest = hashlib.new(algorithm.decode(), message).digest()
    blob = b"SSHSIG" + ssh_string(space) + ssh_string(b"") + ssh_string(algorithm) + ssh_string(digest)
    return ed25519_verify(key, blob, raw)


# --- Canonical JSON, Merkle tree, checkpoints ---------------------------------------------------

def unique(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name occurs twice")
    return members


def parse(text):
    return json.loads(text, object_pairs_hook=unique)


def canonical(value):
    """RFC 8785 for the values that records hold: no fractions."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(n) + ":" + canonical(value[n]) for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


class Frontier:
    """The roots of the complete subtrees, the largest first."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def add(self, leaf):
        bits = self.size
        while bits & 1:
            leaf = hashlib.sha256(b"\1" + self.peaks.pop() + leaf).digest()
            bits >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = hashlib.sha256(b"\1" + peak + root).digest()
        return root


class Bad(Exception):
    pass


def read_key(text):
    name, key_id, data = text.strip().split("+", 2)
    raw = base64.b64decode(data, validate=True)
    if raw[:1] != b"\1" or len(raw) != 33:
        raise Bad("the verifier key is not Ed25519")
    if hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        raise Bad("the verifier key's id does not fit")
    return name, bytes.fromhex(key_id), raw[1:]


def open_checkpoint(note, key):
    """(size, root) of a note that `key` signed."""
    name, key_id, public = key
    text, gap, signatures = note.rpartition("\n\n")
    if not gap:
        raise Bad("not a signed note")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    for line in signatures.strip("\n").split("\n"):
        dash, signer, data = line.split(" ", 2)
        raw = base64.b64decode(data, validate=True)
        if dash == "\u2014" and signer == name and raw[:4] == key_id:
            if origin == name and ed25519_verify(public, text.encode(), raw[4:]):
                return int(size), base64.b64decode(root, validate=True)
            raise Bad("the checkpoint's signature does not verify")
    raise Bad("the checkpoint is not signed by " + name)


# --- The rules of the records -------------------------------------------------------------------

TIERS = ["read_only", "idempotent_write", "side_effect", "irreversible", "forbidden"]

# The members of each type's body, as docs/formats/record.md lists them.
MEMBERS = {
    "gateway_start": "configuration host policy version", "gateway_stop": "reason",
    "recovery": "cut_bytes cut_digest records", "clock_jump": "from to",
    "configuration": "by digest previous what", "session_start": "session",
    "session_end": "by reason session state", "approver": "by change name public_key",
    "decision": "action decided_by digest excluded latency_us release request verdict",
    "vote": "public_key vote",
    "release": "action approvers decided_by digest session waited_us",
    "refusal": "action decided_by digest reason session state waited_us",
    "outcome": "action outcome session", "observation": "bytes digest findings session source",
    "rule": "by change reason rule", "review": "by outcome reason replaced rule",
    "freeze": "by reason", "thaw": "by reason",
    "incident": "by detail elapsed_us incident session step",
    "sign_in_failure": "door reason who", "alert": "kind message subject",
    "recording": "bytes chunk digest session"}


class Rules:
    """`sessions` are the active ones: ceiling, and the released actions without outcome."""

    def __init__(self):
        self.sessions, self.approvers, self.held, self.frozen = {}, {}, {}, False

    def judge(self, kind, body):
        if kind in MEMBERS and sorted(body) != MEMBERS[kind].split():
            raise Bad("not the members of a record of type " + kind)
        rule = getattr(self, "rule_" + kind, None)
        if rule:
            rule(body)

    def rule_session_start(self, body):
        session = body["session"]
        ceiling, parent = TIERS.index(session["ceiling"]), session.get("parent")
        if session["id"] in self.sessions:
            raise Bad("a session is started twice")
        if parent is not None and (parent not in self.sessions or
                                   ceiling > self.sessions[parent]["ceiling"]):
            raise Bad("delegated by a session that is not active or reaches less far")
        self.sessions[session["id"]] = {"ceiling": ceiling, "released": {}, "first": None,
                                        "typed_by": None if parent or not session.get("command")
                                        else session["principal"]}

    def rule_session_end(self, body):
        if self.sessions.pop(body["session"], None) is None:
            raise Bad("a session ends that was not active")

    def rule_freeze(self, _):
        self.frozen = True

    def rule_thaw(self, _):
        self.frozen = False

    def rule_approver(self, body):
        if body["change"] == "removed":
            self.approvers.pop(body["name"], None)
        else:
            self.approvers[body["name"]] = body["public_key"]

    def rule_decision(self, body):
        action, release, verdict = body["action"], body["release"], body["verdict"]
        decision, tier = verdict["decision"], TIERS.index(verdict["tier"])
        session = self.sessions.get(body["request"]["context"]["session"])
        if session and action in session["released"]:
            raise Bad("decided again after its release")
        self.held.pop(action, None)
        if session and session["first"] is None:
            session["first"] = action
        if release == "never":
            return
        if session is None:
            raise Bad("its session is not active")
        if tier > session["ceiling"] or verdict["tier"] == "forbidden":
            raise Bad("not refused although it is above its session's ceiling")
        asked = body["request"]["action"]
        facts = {"tier": tier, "text": asked.get("text") if asked["kind"] == "command" else None,
                 "commands": verdict["commands"] if asked["kind"] == "command" else []}
        if release == "now":
            if decision not in ("allow", "modify") or self.frozen:
                raise Bad("released at once although the decision is " + decision + " or all is frozen")
            if body["decided_by"].startswith("grant "):
                self.grant(session["released"].get(body["decided_by"][6:]), asked, verdict, tier)
            if body["decided_by"].startswith("started by "):
                facts["typed"] = True
                if body["decided_by"][11:] != session["typed_by"] or asked["kind"] != "exec" or \
                        action != session["first"] or tier >= TIERS.index("irreversible"):
                    raise Bad("passes as typed by the principal, who did not type it")
            session["released"][action] = facts
            return
        if release != "held" or decision == "deny":
            raise Bad("held although the decision is deny")
        self.held[action] = {"digest": body["digest"], "need": verdict["approvals"],
                             "session": body["request"]["context"]["session"],
                             "step_up": decision == "step_up", "for": set(), "denied": False,
                             "excluded": {name.lower() for name in body["excluded"]}, "facts": facts}

    @staticmethod
    def grant(covers, asked, verdict, tier):
        if covers is None or asked["kind"] != "exec":
            raise Bad("covered by the grant of an action that is not released, or no program start")
        if covers.get("typed"):
            raise Bad("covered by a start that was only typed")
        argv = asked.get("argv", [])
        is_its_text = len(argv) > 2 and argv[1] == "-c" and argv[2] == covers["text"]
        words = verdict["commands"][0]["argv"] if verdict["commands"] else None
        if tier > covers["tier"] and not is_its_text and \
                all(command["argv"] != words for command in covers["commands"]):
            raise Bad("covered by a grant of a lower tier")

    def rule_vote(self, body):
        vote, line = body["vote"], body["public_key"]
        held = self.held.get(vote["action"])
        if held is None:
            raise Bad("a vote for an action that is not held")
        who = vote["approver"]
        if self.approvers.get(who) != line:
            raise Bad("a vote of somebody who is not enrolled with this key")
        if vote["action_digest"] != held["digest"] or who.lower() in held["excluded"]:
            raise Bad("a vote for another text, or by the requester")
        statement = {name: value for name, value in vote.items() if name != "signature"}
        if not sshsig_verify(line, vote["signature"], "countersign-vote@v1",
                             canonical(statement).encode()):
            raise Bad("the vote's signature does not verify")
        if vote["ballot"] == "deny":
            held["denied"] = True
        elif who in held["for"]:
            raise Bad("a vote is counted twice")
        else:
            held["for"].add(who)

    def rule_release(self, body):
        held = self.held.get(body["action"])
        if held is None or held["digest"] != body["digest"] or held["session"] != body["session"]:
            raise Bad("released without a decision that held it")
        if body["session"] not in self.sessions or self.frozen:
            raise Bad("released in a session that is not active, or while all is frozen")
        if held["step_up"]:
            names = {name.lower() for name in body["approvers"]}
            entitled = held["for"] & set(self.approvers)
            if held["denied"] or not set(body["approvers"]) <= entitled or \
                    len(names) < max(1, held["need"]):
                raise Bad("released without enough valid votes")
        del self.held[body["action"]]
        self.sessions[body["session"]]["released"][body["action"]] = held["facts"]

    def rule_refusal(self, body):
        held = self.held.pop(body["action"], None)
        if held is None or held["digest"] != body["digest"]:
            raise Bad("refused and was not held")

    def rule_outcome(self, body):
        session = self.sessions.get(body["session"], {"released": {}})
        if session["released"].pop(body["action"], None) is None:
            raise Bad("an outcome of an action that was not released in an active session")


# --- The log ------------------------------------------------------------------------------------

class Verifier:
    def __init__(self, directory, key, known):
        self.directory, self.tree, self.rules = directory, Frontier(), Rules()
        self.previous, self.time = bytes(32), "1970-01-01T00:00:00.000000Z"
        self.key = read_key(key or self.read("key").decode())
        notes = [parse(line)["note"] for line in self.text("checkpoints").split("\n")[:-1]]
        notes += [note for note in (self.text("checkpoint"), known) if note]
        self.expected = sorted(open_checkpoint(note, self.key) for note in notes)

    def read(self, name):
        with open(os.path.join(self.directory, name), "rb") as file:
            return file.read()

    def text(self, name):
        try:
            return self.read(name).decode()
        except FileNotFoundError:
            return ""

    def run(self):
        names = sorted(os.listdir(os.path.join(self.directory, "segments")))
        self.reached()
        for name in names:
            data = self.read(os.path.join("segments", name))
            newest = name == names[-1]
            if b"\n" not in data and newest:
                break
            *lines, rest = data.split(b"\n")
            if rest and not newest:
                raise Bad(name + " ends within a record")
            self.header(name, parse(lines[0].decode()))
            for line in lines[1:]:
                self.record(line)
                self.reached()
        if self.expected:
            raise Bad(f"records up to {self.expected[0][0] - 1}, which a checkpoint covers, are missing")

    def header(self, name, header):
        if header["format"] != "countersign-log@v1" or header["origin"] != self.key[0] or \
                header["first"] != self.tree.size or int(name[:20]) != self.tree.size or \
                header["prev"] != self.previous.hex() or \
                header["peaks"] != [peak.hex() for peak in self.tree.peaks] or \
                (self.tree.size and header["time"] != self.time):
            raise Bad(name + ": its header does not fit the records before it")

    def record(self, line):
        record = parse(line.decode())
        if canonical(record).encode() != line or record["v"] != 1:
            raise Bad("not in canonical form")
        if record["seq"] != self.tree.size or record["prev"] != self.previous.hex():
            raise Bad("the chain is broken: changed, missing, doubled or out of order")
        if record["time"] < self.time:
            raise Bad("its time is before that of the record before it")
        self.previous, self.time = leaf_hash(line), record["time"]
        self.rules.judge(record["type"], self.body(record))
        self.tree.add(self.previous)

    def body(self, record):
        if "body" in record:
            return record["body"]
        aside = record["body_blob"]
        data = self.read(os.path.join("blobs", aside["digest"].split(":")[1]))
        if "sha256:" + hashlib.sha256(data).hexdigest() != aside["digest"] or len(data) != aside["bytes"]:
            raise Bad("its body, which lies aside, was changed")
        return parse(data.decode())

    def reached(self):
        while self.expected and self.expected[0][0] == self.tree.size:
            if self.expected.pop(0)[1] != self.tree.root():
                raise Bad("the checkpoint of this size has another root: history was rewritten")


def main(arguments):
    key = known = None
    while len(arguments) > 2 and arguments[-2] in ("--key", "--checkpoint"):
        if arguments[-2] == "--key":
            key = arguments[-1]
        else:
            with open(arguments[-1], encoding="utf-8") as file:
                known = file.read()
        arguments = arguments[:-2]
    if len(arguments) != 1 or not os.path.isdir(os.path.join(arguments[0], "segments")):
        print("usage: verify_log.py DIRECTORY [--key KEY] [--checkpoint FILE]", file=sys.stderr)
        return 2
    verifier = None
    try:
        verifier = Verifier(arguments[0], key, known)
        verifier.run()
    except (Bad, ValueError, KeyError, TypeError, IndexError, OSError) as error:
        seq = verifier.tree.size if verifier else 0
        print(f"BAD: record {seq}: {error}")
        return 1
    print(f"good: {verifier.tree.size} records, root sha256:{verifier.tree.root().hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
