// The parser against bash's own verdicts, and print() against the parser, on the shared data and on
// every shell script of this machine. docs/shell-conformance.md lists what differs and why.
#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <set>
#include <spawn.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "shell/shell.h"
#include "shell/test_data.h"
#include "shell/tree.h"

namespace countersign::shell {
namespace {

namespace fs = std::filesystem;

const char* const kSets[] = {"agent_intercode_bash",
                             "agent_intercode_ctf",
                             "agent_mini_swe_terminal_bench",
                             "agent_sweagent_demos",
                             "atomic_red_team",
                             "attack_payloads_noisy",
                             "bashfuscator_obfuscated",
                             "ci_commands",
                             "gtfobins",
                             "honeypot_cowrie",
                             "intercode_bash_gold",
                             "nl2bash",
                             "peer_product_tests",
                             "redcode_bash",
                             "reverse_shells",
                             "safeos_commands",
                             "shell_parser_conformance",
                             "tldr"};

bool bash_accepts(const fs::path& file) {
    std::string words[] = {"bash", "-n", file.string()};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    char* environment[] = {nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int failed = posix_spawn(&child, "/bin/bash", &actions, nullptr, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    int status = 1;
    return failed == 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

std::string round_trip_problem(const std::string& text) {
    const ParseOutcome first = parse(text);
    if (!first.ok()) {
        return "";
    }
    const std::string printed = print(first.parsed->tree());
    if (printed != print_canonical(first.parsed->tree())) {
        return "printed as it was written, since the canonical spelling reads otherwise";
    }
    const ParseOutcome second = parse(printed);
    if (!second.ok()) {
        return "printed text is refused: " + second.error.message + "\n" + printed;
    }
    return trees_equal(first.parsed->tree(), second.parsed->tree())
               ? ""
               : "printed text has another tree:\n" + printed;
}

/// Texts for which bash -n exits 0 although it reports an error or reads no further: its rc says
/// nothing. Reasons by class in docs/shell-conformance.md.
bool bash_verdict_is_no_verdict(const std::string& text, const std::string& message) {
    return text.find("[[") != std::string::npos || message.find("for ((") != std::string::npos ||
           text.find('\0') != std::string::npos ||
           message.find("nested deeper") != std::string::npos ||
           message.find("in an array inside a substitution") != std::string::npos;
}

TEST(Conformance, VerdictsOfTheSharedData) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    std::size_t rows = 0;
    std::vector<std::string> accepted;
    std::vector<std::string> rejected;
    for (const char* set : kSets) {
        for (const TestRow& row : test_rows(set)) {
            if (!row.valid) {
                continue;
            }
            ++rows;
            const ParseOutcome outcome = parse(row.text);
            if (outcome.ok() == *row.valid) {
                continue;
            }
            if (outcome.ok()) {
                accepted.push_back(row.id);
            } else {
                rejected.push_back(row.id + ": " + outcome.error.message);
                EXPECT_TRUE(bash_verdict_is_no_verdict(row.text, outcome.error.message))
                    << rejected.back();
            }
        }
    }
    std::cout << rows << " rows, false accepts " << accepted.size() << ", false rejects "
              << rejected.size() << '\n';
    for (const std::string& id : accepted) {
        std::cout << "accepted: " << id << '\n';
    }
    for (const std::string& line : rejected) {
        std::cout << "rejected: " << line << '\n';
    }
    EXPECT_LE(rejected.size() * 1000, rows);
}

TEST(Conformance, PrintedTreesParseToThemselves) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    for (const char* set : kSets) {
        for (const TestRow& row : test_rows(set)) {
            EXPECT_EQ(round_trip_problem(row.text), "") << row.id;
        }
    }
}

TEST(Conformance, BashAcceptsWhatIsPrinted) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    const fs::path file =
        fs::temp_directory_path() / ("printed-rows-" + std::to_string(::getpid()));
    std::set<std::string> seen;
    std::size_t rows = 0;
    for (const char* set : kSets) {
        for (const TestRow& row : test_rows(set)) {
            const ParseOutcome outcome = parse(row.text);
            if (!outcome.ok()) {
                continue;
            }
            const std::string printed = print(outcome.parsed->tree());
            if (!seen.insert(printed).second) {
                continue;
            }
            ++rows;
            std::ofstream(file, std::ios::binary) << printed;
            EXPECT_TRUE(bash_accepts(file)) << row.id << "\n" << printed;
        }
    }
    fs::remove(file);
    std::cout << rows << " printed texts\n";
}

TEST(Conformance, ScriptsOfThisMachine) {
    std::size_t scripts = 0;
    const fs::path printed_file =
        fs::temp_directory_path() / ("printed-" + std::to_string(::getpid()));
    for (const char* top : {"/usr", "/etc"}) {
        const auto options = fs::directory_options::skip_permission_denied;
        std::error_code error;
        for (auto entry = fs::recursive_directory_iterator(top, options, error);
             !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
            std::error_code ignored;
            if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored)) {
                continue;
            }
            std::ifstream file(entry->path(), std::ios::binary);
            std::string head;
            std::getline(file, head);
            const bool shell = head.starts_with("#!") && head.size() < 80 &&
                               (head.ends_with("/sh") || head.ends_with("/bash") ||
                                head.find("/sh ") != std::string::npos ||
                                head.find("/bash ") != std::string::npos ||
                                head.ends_with("env bash") || head.ends_with("env sh"));
            if (!shell || entry->file_size(ignored) > limits::kActionTextBytesMax) {
                continue;
            }
            std::ostringstream rest;
            rest << file.rdbuf();
            const std::string text = head + "\n" + rest.str();
            ++scripts;
            const ParseOutcome outcome = parse(text);
            EXPECT_EQ(outcome.ok(), bash_accepts(entry->path()))
                << entry->path() << " " << outcome.error.line << ": " << outcome.error.message;
            EXPECT_EQ(round_trip_problem(text), "") << entry->path();
            if (outcome.ok()) {
                std::ofstream(printed_file, std::ios::binary) << print(outcome.parsed->tree());
                EXPECT_TRUE(bash_accepts(printed_file)) << entry->path();
            }
        }
    }
    fs::remove(printed_file);
    std::cout << scripts << " scripts\n";
}

/// What a door that knows the environment hands over: a value for each name that the text reads.
void add_named_variables(const std::string& text, Surroundings& surroundings) {
    for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
        std::size_t begin = at + 1;
        begin += begin < text.size() && text[begin] == '{' ? 1U : 0U;
        std::size_t end = begin;
        while (end < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
            ++end;
        }
        const std::string name = text.substr(begin, end - begin);
        if (!name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0) {
            surroundings.variables[name] = "value-of-" + name;
        }
    }
}

enum class Environment { Session, Everything };

double share_complete(const char* set, Environment environment) {
    std::size_t complete = 0;
    std::size_t all = 0;
    for (const std::string& text : test_commands(set)) {
        Surroundings surroundings;
        surroundings.directory = "/app";
        surroundings.home = "/root";
        surroundings.zero = "bash";
        for (const char* name : {"USER", "LOGNAME", "SHELL", "PATH", "LANG", "TMPDIR"}) {
            surroundings.variables[name] = "value-of-" + std::string(name);
        }
        if (environment == Environment::Everything) {
            add_named_variables(text, surroundings);
        }
        complete += analyze(text, surroundings).complete ? 1U : 0U;
        ++all;
    }
    return 100.0 * static_cast<double>(complete) / static_cast<double>(all);
}

TEST(Conformance, ShareOfTextsResolvedCompletely) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    const double agent = share_complete("agent_mini_swe_terminal_bench", Environment::Session);
    const double ci = share_complete("ci_commands", Environment::Session);
    const double runner = share_complete("ci_commands", Environment::Everything);
    std::cout << "complete: agent_mini_swe_terminal_bench " << agent << " %, ci_commands " << ci
              << " % without and " << runner << " % with the service's environment\n";
    EXPECT_GE(agent, 92.0);
    EXPECT_GE(ci, 79.0);
    EXPECT_GE(runner, 88.0);
}

/// What a text starts, the shells that it starts followed where their program is known.
struct Reach {
    std::vector<std::string> starts;  ///< one line each
    bool reported = false;            ///< incomplete, or a shell whose program is not known
};

void follow(const std::string& text, std::size_t depth, Reach& reach) {
    Surroundings surroundings;
    surroundings.directory = "/work";
    surroundings.home = "/home";
    surroundings.zero = "bash";
    const model::CommandFacts facts = analyze(text, surroundings);
    reach.reported = reach.reported || !facts.complete;
    for (const model::ResolvedCommand& command : facts.commands) {
        if (command.target != model::ResolvedCommand::Target::External) {
            continue;
        }
        std::string line;
        for (const model::Word& word : command.argv) {
            line += word.value.value_or("?") + '\x1f';
        }
        reach.starts.push_back(std::move(line));
        const std::string name = command.argv[0].value.value_or("");
        const bool shell = name == "bash" || name == "sh" || name.ends_with("/bash");
        if (!shell || depth == 0) {
            continue;
        }
        if (command.argv.size() > 2 && command.argv[1].value == std::string("-c")) {
            follow(command.argv[2].value.value_or("$?"), depth - 1, reach);
        } else if (command.input.content.value &&
                   command.input.kind != model::InputSource::Kind::File) {
            follow(*command.input.content.value, depth - 1, reach);
        } else {
            reach.reported = true;
        }
    }
}

// Either resolved to what the original starts, or reported: an obfuscation that is called complete
// and hides a start of its original would be the failure that this reader exists to prevent.
TEST(Conformance, ObfuscationIsResolvedOrReported) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    std::map<std::string, std::size_t> counts;
    for (const TestRow& row : test_rows("bashfuscator_obfuscated")) {
        if (!parse(row.text).ok()) {
            ++counts["not valid bash"];
            continue;
        }
        Reach reach;
        Reach original;
        follow(row.text, 4, reach);
        follow(row.original, 4, original);
        bool all = true;
        for (const std::string& start : original.starts) {
            all = all &&
                  std::find(reach.starts.begin(), reach.starts.end(), start) != reach.starts.end();
        }
        ++counts[all && reach.reported ? "reported, the original's starts listed"
                 : all                 ? "resolved to the original's starts"
                                       : "reported"];
        EXPECT_TRUE(all || reach.reported) << row.id << "\n" << row.original << "\n" << row.text;
    }
    for (const auto& [what, count] : counts) {
        std::cout << what << ": " << count << '\n';
    }
}

}  // namespace
}  // namespace countersign::shell
