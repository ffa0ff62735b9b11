#include "bin/countersignd/options.h"

#include <iostream>

#include "base/limits.h"

namespace countersign::bin {

void add_judge_options(CLI::App& app, JudgeOptions& options) {
    RequestFlags& request = options.request;
    app.add_option("--agent", request.agent, "type of the agent (default: coding)");
    app.add_option("--purpose", request.purpose, "what the agent is there for");
    app.add_option("--cwd", request.directory, "working directory (default: the current one)");
    app.add_option("--workspace", request.workspace, "the agent's workspace (default: --cwd)");
    app.add_option("--home", request.home, "the agent's home");
    app.add_flag("--contained", request.contained, "as inside `countersign run`");
    app.add_flag("--staged", request.staged, "as inside `countersign run --staged`");
    app.add_option("--policy", options.policy, "directory with policy files");
    app.add_option("--kind", request.kind, "command, exec, sql, tool_call, http or file");
    app.add_flag("--json", options.json, "print the answer as JSON");
    app.add_option("text", options.words, "what would be run");
    // The text may look like flags of ours ("--" or not): whatever follows it is part of it.
    app.positionals_at_end();
}

std::optional<int> parse_words(CLI::App& app, const Words& words) {
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        return status == 0 ? 0 : kExitUsage;
    }
    return std::nullopt;
}

void each_line(const std::function<bool(std::optional<std::string>)>& visit) {
    std::string line;
    bool too_long = false;
    for (int c = std::cin.get(); c != std::char_traits<char>::eof(); c = std::cin.get()) {
        if (c != '\n') {
            too_long = too_long || line.size() >= limits::kRequestBodyBytesMax;
            if (!too_long) {
                line.push_back(static_cast<char>(c));
            }
            continue;
        }
        const bool more = too_long ? visit(std::nullopt) : visit(std::move(line));
        line.clear();
        too_long = false;
        if (!more) {
            return;
        }
    }
    if (too_long) {
        visit(std::nullopt);
    } else if (!line.empty()) {
        visit(std::move(line));
    }
}

}  // namespace countersign::bin
