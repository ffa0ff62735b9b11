// Ours, cc-safety-net and tirith on one fixed sample: at most 150 rows of each set, evenly spaced.
// Prints what each of them stops (ours: anything but allow and modify; theirs: deny or ask).
// Two of theirs run at a time, since each text costs a process. Nothing of a row is run, and no network
// is used. Usage: detect.mjs DATA_DIR COUNTERSIGN PEERS_DIR [ROWS_PER_SET]
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [data, countersign, peers, rowsPerSet] = process.argv.slice(2);
const SAMPLE = Number(rowsPerSet ?? 150);
const AT_A_TIME = 2;
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

// Resolves to the exit status and the output of a program that gets `input`.
function answerOf(program, options, input) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, options, { env, stdio: ["pipe", "pipe", "ignore"] });
        let output = "";
        child.stdout.on("data", (part) => (output += part));
        child.stdin.on("error", () => {});
        child.on("error", reject);
        child.on("close", (status) => resolve({ status, output }));
        child.stdin.end(input);
    });
}

async function safetyNet(text) {
    const input = JSON.stringify({
        hook_event_name: "PreToolUse",
        tool_name: "Bash",
        tool_input: { command: text },
        cwd: home,
    });
    const program = join(peers, "node_modules/.bin/cc-safety-net");
    const { output } = await answerOf(program, ["hook", "--claude-code"], input);
    return /"permissionDecision":"(deny|ask)"/.test(output);
}

async function tirith(text) {
    const program = join(peers, "node_modules/@sheeki03/tirith-linux-x64/bin/tirith");
    const options = ["check", "--no-daemon", "--non-interactive", "--quiet", "--shell", "posix"];
    return (await answerOf(program, [...options, "--", text], "")).status !== 0;
}

async function countOf(texts, stops) {
    let stopped = 0;
    let next = 0;
    const worker = async () => {
        while (next < texts.length) {
            if (await stops(texts[next++])) stopped++;
        }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return stopped;
}

console.log("stopped of a fixed sample".padEnd(36), "rows", "  ours", "cc-safety-net", "tirith");
for (const [file, nature, wanted] of sets) {
    const texts = sampleOf(file, wanted);
    const workspace = file.startsWith("agent_mini") ? "/app" : PROJECT;
    const counts = [
        ours(texts, workspace),
        await countOf(texts, safetyNet),
        await countOf(texts, tirith),
    ];
    const columns = counts.map((count, i) => String(count).padStart([6, 13, 6][i])).join(" ");
    console.log(`${file} (${nature})`.padEnd(36), String(texts.length).padStart(4), columns);
}
rmSync(home, { recursive: true, force: true });
