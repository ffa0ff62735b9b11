// The differential against bash itself: texts run in real bash within a throwaway jail
// (jailed_bash.h), and wherever the facts say complete, every program start must have been
// predicted: its words, the variables that the text put into its environment, and its directory
// where the facts name one. Each text runs three times: programs that succeed, programs that fail,
// and programs that print hostile text, with a hostile value in each variable that the text uses.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <iostream>
#include <sstream>

#include "shell/jailed_bash.h"
#include "shell/quoting.h"
#include "shell/shell.h"
#include "shell/test_data.h"
#include "shell/text_generator.h"

namespace countersign::shell {
namespace {

using Environment = std::map<std::string, std::string>;

/// What bash itself keeps in the environment.
bool kept_by_bash(const std::string& name) {
    return name == "_" || name == "PWD" || name == "OLDPWD" || name == "SHLVL";
}

bool word_matches(const model::Word& word, const std::string& actual) {
    if (!word.value) {
        return false;
    }
    if (!word.glob) {
        return *word.value == actual;
    }
    return pattern_matches(*word.value, actual).value_or(true);
}

/// A glob stands for any number of words that match it, or for itself.
bool words_match(const std::vector<model::Word>& words, std::size_t i,
                 const std::vector<std::string>& actual, std::size_t k) {
    if (i == words.size()) {
        return k == actual.size();
    }
    if (!words[i].glob) {
        return k < actual.size() && word_matches(words[i], actual[k]) &&
               words_match(words, i + 1, actual, k + 1);
    }
    if (words_match(words, i + 1, actual, k)) {
        return true;  // nullglob
    }
    for (; k < actual.size(); ++k) {
        const bool itself = words_match(words, i + 1, actual, k + 1);
        if (itself) {
            return true;
        }
        if (!word_matches(words[i], actual[k])) {
            return false;
        }
    }
    return false;
}

bool name_matches(const std::string& name, const ProgramStart& start) {
    if (name.find('/') != std::string::npos) {
        return name == start.path;
    }
    return start.path.substr(start.path.rfind('/') + 1) == name;
}

/// The first variable of the start's environment that nobody announced; empty: none.
std::string unannounced(const model::ResolvedCommand& command, const ProgramStart& start,
                        const Environment& initial) {
    for (const auto& [name, value] : start.environment) {
        // What was there before and is assigned stays exported: the assignment itself is listed.
        if (kept_by_bash(name) || initial.count(name) != 0) {
            continue;
        }
        bool announced = false;
        for (const auto* list : {&command.assignments, &command.inherited_environment}) {
            for (const model::Assignment& assignment : *list) {
                announced =
                    announced || (assignment.name == name &&
                                  (assignment.append || !assignment.value.value ||
                                   assignment.value.glob || *assignment.value.value == value));
            }
        }
        if (!announced) {
            return name + "=" + value;
        }
    }
    return "";
}

/// Empty: predicted. Otherwise the closest that a prediction came.
std::string problem_with(const ProgramStart& start, const model::CommandFacts& facts,
                         const Environment& initial) {
    std::string problem = "no such words";
    for (const model::ResolvedCommand& command : facts.commands) {
        if (command.target != model::ResolvedCommand::Target::External || command.argv.empty() ||
            !name_matches(command.argv[0].value.value_or(""), start) ||
            !words_match(command.argv, 0, start.argv, 0)) {
            continue;
        }
        const std::string variable = unannounced(command, start, initial);
        if (!variable.empty()) {
            problem = "the text's own variable " + variable;
            continue;
        }
        if (command.directory && *command.directory != start.directory) {
            problem = "in " + start.directory + " and not in " + *command.directory;
            continue;
        }
        return "";
    }
    return problem;
}

std::set<std::string> names_in(const std::vector<std::string>& texts) {
    std::set<std::string> names{"p0", "p1", "p2", "p3", "rm", "ls", "cat"};
    for (const std::string& text : texts) {
        std::string name;
        for (const char c : text + " ") {
            if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                c == '.' || c == '+') {
                name += c;
            } else {
                if (!name.empty() && name.size() < 24 && name[0] != '-' && name[0] != '.') {
                    names.insert(name);
                }
                name.clear();
            }
        }
    }
    return names;
}

/// A hostile value for each variable that the text uses and nobody defines.
Environment hostile_environment(const std::string& text, TextGenerator& generator) {
    Environment out;
    for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
        std::size_t i = at + 1;
        while (i < text.size() &&
               (text[i] == '{' || text[i] == '!' || text[i] == '(' || text[i] == '#')) {
            ++i;
        }
        std::string name;
        while (i < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_')) {
            name += text[i++];
        }
        const bool own = name.starts_with("BASH") || name == "PATH" || name == "HOME" ||
                         name == "IFS" || name == "PS4" || name == "SHELLOPTS" ||
                         name == "CDPATH" || name == "PWD" || name == "OLDPWD" || name == "_" ||
                         name == "TMPDIR" || name == "POSIXLY_CORRECT" || name == "GLOBIGNORE" ||
                         name == "ENV" || name == "EXECIGNORE" || name == "LD_PRELOAD" ||
                         name == "LD_LIBRARY_PATH";
        if (!name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 && !own) {
            out[name] = generator.hostile_value();
        }
    }
    return out;
}

struct Tally {
    std::size_t texts = 0;
    std::size_t complete = 0;
    std::size_t starts = 0;
    std::size_t unpredicted = 0;
    std::size_t killed = 0;
};

Surroundings jail_surroundings(Dialect dialect) {
    Surroundings surroundings;
    surroundings.dialect = dialect;
    surroundings.directory = "/work";
    surroundings.home = "/home";
    surroundings.zero = "bash";
    return surroundings;
}

void compare_run(JailedBash& bash, const std::string& text, const model::CommandFacts& facts,
                 const StubBehaviour& stubs, const Environment& environment, Tally& tally) {
    const auto run = bash.run(text, stubs, environment);
    if (!run) {
        return;
    }
    tally.killed += run->ended ? 0U : 1U;
    Environment initial = environment;
    initial["PATH"] = "/usr/bin";
    initial["HOME"] = "/home";
    for (const ProgramStart& start : run->starts) {
        ++tally.starts;
        const std::string problem = problem_with(start, facts, initial);
        if (problem.empty()) {
            continue;
        }
        ++tally.unpredicted;
        std::string words;
        for (const std::string& word : start.argv) {
            words += " <" + word + ">";
        }
        std::string given;
        for (const auto& [name, value] : environment) {
            given += " " + name + "=<" + value + ">";
        }
        ADD_FAILURE() << "bash started " << start.path << " as" << words << " in "
                      << start.directory << "\nwhich was not predicted (" << problem << ") with"
                      << given << " for:\n"
                      << text << "\n---";
        return;
    }
}

void compare(JailedBash& bash, const std::string& text, TextGenerator& generator, Tally& tally,
             Dialect dialect = Dialect::Bash) {
    const model::CommandFacts facts = analyze(text, jail_surroundings(dialect));
    ++tally.texts;
    if (!facts.complete) {
        return;
    }
    ++tally.complete;
    using Exit = StubBehaviour::Exit;
    compare_run(bash, text, facts, {Exit::Success, ""}, {}, tally);
    compare_run(bash, text, facts, {Exit::Failure, ""}, {}, tally);
    compare_run(bash, text, facts, {Exit::Alternating, generator.hostile_value() + "\n"},
                hostile_environment(text, generator), tally);
}

void report(const std::string& what, const Tally& tally) {
    std::cout << what << ": " << tally.texts << " texts, " << tally.complete << " complete, "
              << tally.starts << " program starts, " << tally.unpredicted << " not predicted, "
              << tally.killed << " runs ended by the time limit\n";
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* given = std::getenv(name);
    return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

TEST(Soundness, EveryStartOfGeneratedTextsIsPredicted) {
    const std::uint64_t seed = number_from_environment("SOUNDNESS_SEED", 20240607);
    const std::uint64_t count = number_from_environment("SOUNDNESS_COUNT", 1500);
    std::cout << "seed " << seed << '\n';
    TextGenerator generator(seed);
    JailedBash bash(names_in({"a b1 b c cc d x y z"}));
    Tally tally;
    for (std::uint64_t i = 0; i < count && !::testing::Test::HasFatalFailure(); ++i) {
        compare(bash, generator.text(), generator, tally);
    }
    report("generated", tally);
    EXPECT_GT(tally.starts, count / 4);
}

/// The same sentences as sh reads them, in dash. What bash alone has is refused, or a program.
TEST(Soundness, EveryStartOfGeneratedTextsIsPredictedForDash) {
    const std::uint64_t seed = number_from_environment("SOUNDNESS_SEED", 20240607);
    const std::uint64_t count = number_from_environment("SOUNDNESS_COUNT", 800);
    std::cout << "seed " << seed << '\n';
    TextGenerator generator(seed);
    JailedBash dash(names_in({"a b1 b c cc d x y z"}), "/bin/dash");
    Tally tally;
    for (std::uint64_t i = 0; i < count && !::testing::Test::HasFatalFailure(); ++i) {
        compare(dash, generator.text(), generator, tally, Dialect::Posix);
    }
    report("generated, in dash", tally);
    EXPECT_GT(tally.starts, count / 8);
}

/// Corners that once were wrong, or that somebody asked about: one text each.
TEST(Soundness, EveryStartOfTheCornersIsPredicted) {
    const char* given = std::getenv("SOUNDNESS_FILE");
    std::ifstream file(given != nullptr
                           ? std::string(given)
                           : std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/shell/corners.txt");
    ASSERT_TRUE(file.good());
    TextGenerator generator(1);
    JailedBash bash(names_in({"a b1 b c cc d x y z"}));
    JailedBash dash(names_in({"a b1 b c cc d x y z"}), "/bin/dash");
    Tally tally;
    Tally in_dash;
    std::string text;
    std::string line;
    const bool telling = std::getenv("SOUNDNESS_TELL") != nullptr;
    const auto finish = [&] {
        if (text.empty()) {
            return;
        }
        SCOPED_TRACE(text.substr(0, text.find('\n')));
        compare(bash, text, generator, tally);
        compare(dash, text, generator, in_dash, Dialect::Posix);
        if (telling) {
            const model::CommandFacts facts = analyze(text, jail_surroundings(Dialect::Bash));
            std::cout << (facts.complete ? "complete   " : "incomplete ") << text;
            for (const auto& why : facts.unresolved) {
                std::cout << "             " << why.why << '\n';
            }
        }
    };
    while (std::getline(file, line)) {
        if (!line.starts_with("### ")) {
            text += line + "\n";
            continue;
        }
        finish();
        text = "# " + line.substr(4) + "\n";
    }
    finish();
    report("corners", tally);
    report("corners, in dash", in_dash);
}

TEST(Soundness, EveryStartOfRealTextsIsPredicted) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    const std::uint64_t most = number_from_environment("SOUNDNESS_ROWS", 400);
    TextGenerator generator(number_from_environment("SOUNDNESS_SEED", 7));
    for (const char* set : {"nl2bash", "ci_commands", "agent_mini_swe_terminal_bench",
                            "bashfuscator_obfuscated", "agent_intercode_bash"}) {
        const std::vector<std::string> all = test_commands(set);
        std::vector<std::string> texts;
        const std::size_t step = std::max<std::size_t>(1, all.size() / most);
        for (std::size_t i = 0; i < all.size(); i += step) {
            texts.push_back(all[i]);
        }
        JailedBash bash(names_in(texts));
        Tally tally;
        for (const std::string& text : texts) {
            compare(bash, text, generator, tally);
        }
        report(set, tally);
    }
}

TEST(Soundness, EveryStartOfRealTextsIsPredictedForDash) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    const std::uint64_t most = number_from_environment("SOUNDNESS_ROWS", 300);
    TextGenerator generator(number_from_environment("SOUNDNESS_SEED", 7));
    for (const char* set : {"nl2bash", "ci_commands", "agent_mini_swe_terminal_bench"}) {
        const std::vector<std::string> all = test_commands(set);
        std::vector<std::string> texts;
        const std::size_t step = std::max<std::size_t>(1, all.size() / most);
        for (std::size_t i = 0; i < all.size(); i += step) {
            texts.push_back(all[i]);
        }
        JailedBash dash(names_in(texts), "/bin/dash");
        Tally tally;
        for (const std::string& text : texts) {
            compare(dash, text, generator, tally, Dialect::Posix);
        }
        report(set + std::string(", in dash"), tally);
    }
}

}  // namespace
}  // namespace countersign::shell
