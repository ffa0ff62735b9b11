// The flags that check and explain share, and reading lines of stdin within bounds. Private to
// countersignd.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bin/countersignd/judge.h"
#include "bin/countersignd/request_line.h"

namespace countersign::bin {

struct JudgeOptions {
    RequestFlags request;
    std::string policy;
    std::vector<std::string> words;  ///< TEXT
    bool json = false;
    bool lines = false;  ///< --jsonl
};

void add_judge_options(CLI::App& app, JudgeOptions& options);

/// Parses; nullopt: go on. Otherwise the exit status (help, usage error).
std::optional<int> parse_words(CLI::App& app, const Words& words);

/// Calls `visit` for each line of stdin, without its newline; a line beyond the bound is given as
/// nullopt once. Ends when `visit` gives false.
void each_line(const std::function<bool(std::optional<std::string>)>& visit);

}  // namespace countersign::bin
