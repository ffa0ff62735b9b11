// Ours, cc-safety-net and tirith on one fixed sample: at most 150 rows of each set, evenly spaced.
// Prints what each of them stops (ours: anything but allow and modify; theirs: deny or ask).
// Nothing of a row is run, and no network is used. Usage: detect.mjs DATA_DIR COUNTERSIGN PEERS_DIR
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [data, countersign, peers] = process.argv.slice(2);
const SAMPLE = 150;
const PROJECT = "/home/dev/project";
const sets = [
    ["gtfobins", "attack", (r) => r.label !== "file-read"],
    ["reverse_shells", "attack", () => true],
    ["bashfuscator_obfuscated", "attack", (r) => r.label === "malicious"],
    ["atomic_red_team", "attack", (r) => (r.platforms ?? []).includes("linux")],
    ["redcode_bash", "attack", (r) => r.gateway_visible === true],
    ["honeypot_cowrie", "attack", () => true],
    ["agent_mini_swe_terminal_bench", "work", () => true],
    ["ci_commands", "work", () => true],
    ["nl2bash", "work", () => true],
];

function sampleOf(file, wanted) {
    const rows = readFileSync(join(data, `${file}.jsonl`), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
        .filter(wanted);
    const count = Math.min(SAMPLE, rows.length);
    return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)].cmd);
}

// A home of their own, so that neither reads or writes anybody's settings; in memory, since they
// write a log there for each text, which a busy disk makes wait for a second.
const memory = "/dev/shm";
const home = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), "countersign-peers-"));
const env = { PATH: process.env.PATH, HOME: home, TIRITH_OFFLINE: "1" };

function ours(texts, workspace) {
    const requests = texts.map((text) =>
        JSON.stringify({ text, cwd: workspace, workspace, env: { HOME: "/home/dev" } }),
    );
    const answers = execFileSync(countersign, ["check", "--jsonl"], {
        input: requests.join("\n") + "\n",
        maxBuffer: 1 << 28,
    });
    const lines = answers.toString().trimEnd().split("\n");
    return lines.filter((line) => !["allow", "modify"].includes(JSON.parse(line).decision)).length;
}

function safetyNet(text) {
    const input = JSON.stringify({
        hook_event_name: "PreToolUse",
        tool_name: "Bash",
        tool_input: { command: text },
        cwd: home,
    });
    const program = join(peers, "node_modules/.bin/cc-safety-net");
    const run = spawnSync(program, ["hook", "--claude-code"], { input, env });
    return /"permissionDecision":"(deny|ask)"/.test(run.stdout?.toString() ?? "");
}

function tirith(text) {
    const program = join(peers, "node_modules/@sheeki03/tirith-linux-x64/bin/tirith");
    const options = ["check", "--no-daemon", "--non-interactive", "--quiet", "--shell", "posix"];
    return (spawnSync(program, [...options, "--", text], { env }).status ?? 0) !== 0;
}

console.log("stopped of a fixed sample".padEnd(36), "rows", "  ours", "cc-safety-net", "tirith");
for (const [file, nature, wanted] of sets) {
    const texts = sampleOf(file, wanted);
    const workspace = file.startsWith("agent_mini") ? "/app" : PROJECT;
    const counts = [
        ours(texts, workspace),
        texts.filter(safetyNet).length,
        texts.filter(tirith).length,
    ];
    const columns = counts.map((count, i) => String(count).padStart([6, 13, 6][i])).join(" ");
    console.log(`${file} (${nature})`.padEnd(36), String(texts.length).padStart(4), columns);
}
rmSync(home, { recursive: true, force: true });
