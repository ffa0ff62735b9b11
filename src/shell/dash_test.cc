// The POSIX dialect against dash itself (`dash -n`; dash is the sh of every Debian): on the corners
// of tests/shell/dash.txt, on texts made at random of the pieces that dash and bash read
// differently, and on the shared data. A text that we accept and dash refuses fails the test: what
// stands there would then be judged as something else than what sh reads. The other way round is
// safe; each such corner of the file says so in its title.
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <random>
#include <set>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/shell.h"
#include "shell/test_data.h"

namespace countersign::shell {
namespace {

namespace fs = std::filesystem;

class Dash {
public:
    Dash() : file_(fs::temp_directory_path() / ("dash-text-" + std::to_string(::getpid()))) {}
    ~Dash() { fs::remove(file_); }
    Dash(const Dash&) = delete;
    Dash& operator=(const Dash&) = delete;

    static bool present() { return fs::exists(kPath); }

    bool accepts(const std::string& text) {
        std::ofstream(file_, std::ios::binary) << text;
        std::string words[] = {"dash", "-n", file_.string()};
        char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
        char* environment[] = {nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        pid_t child = 0;
        const int failed = posix_spawn(&child, kPath, &actions, nullptr, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
        int status = 1;
        return failed == 0 && ::waitpid(child, &status, 0) == child && status == 0;
    }

private:
    static constexpr const char* kPath = "/bin/dash";
    fs::path file_;
};

struct Verdicts {
    std::size_t texts = 0;
    std::size_t accepted = 0;
    std::size_t false_accepts = 0;
    std::size_t false_rejects = 0;
};

void compare(Dash& dash, const std::string& text, Verdicts& verdicts) {
    const ParseOutcome outcome = parse(text, Dialect::Posix);
    const bool theirs = dash.accepts(text);
    ++verdicts.texts;
    verdicts.accepted += theirs ? 1U : 0U;
    verdicts.false_accepts += outcome.ok() && !theirs ? 1U : 0U;
    verdicts.false_rejects += !outcome.ok() && theirs ? 1U : 0U;
    EXPECT_FALSE(outcome.ok() && !theirs) << "dash refuses:\n" << text;
}

void report(const std::string& what, const Verdicts& verdicts) {
    std::cout << what << ": " << verdicts.texts << " texts, " << verdicts.accepted
              << " that dash accepts, false accepts " << verdicts.false_accepts
              << ", false rejects " << verdicts.false_rejects << '\n';
}

// A title that starts with "refused: " says why we refuse what dash accepts.
TEST(Dash, VerdictsOfTheCorners) {
    if (!Dash::present()) {
        GTEST_SKIP() << "dash is absent";
    }
    Dash dash;
    std::ifstream file(std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/shell/dash.txt");
    std::string title;
    std::string text;
    std::size_t cases = 0;
    const auto finish = [&] {
        if (title.empty()) {
            return;
        }
        ++cases;
        const bool ours = parse(text, Dialect::Posix).ok();
        const bool theirs = dash.accepts(text);
        EXPECT_EQ(ours, theirs && !title.starts_with("refused: ")) << title << "\n" << text;
        EXPECT_TRUE(theirs || !title.starts_with("refused: ")) << title << "\n" << text;
    };
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("### ")) {
            text += line + "\n";
            continue;
        }
        finish();
        title = line.substr(4);
        text.clear();
    }
    finish();
    EXPECT_GT(cases, 50U);
}

constexpr const char* kPieces[] = {
    "a",       "b ",       " c",        "x=1 ",  "x+=1 ",   "a[1]=2 ", "\"",       "'",
    "`",       "\\",       "$",         "${x",   "${",      "}",       "${#x",     "${x#",
    "${x%%",   "${x:-",    "${x/",      "${x:1", "${!x}",   "${x[1]}", "$x",       "$((",
    "((",      "))",       "(",         ")",     "$(",      "`a`",     "\"$(a)\"", "'b'",
    "\n",      "\n",       ";",         ";",     ";;",      ";&",      "&",        "&&",
    "||",      "|",        "|&",        "&>",    ">&",      ">&-",     "2>&1",     "10>f",
    "<<<",     "<<E\n",    "\nE\n",     "<<-E",  "<<'E'\n", "<<$x\n",  "<<\"\"\n", "<(",
    "{fd}>f",  "!",        "! ",        " { ",   "; }",     "if a\n",  "then ",    "else ",
    "fi",      "while a ", "do ",       "done",  "for i ",  "in ",     "for 1 ",   "for ((",
    "case x ", "in a)",    "esac",      "*)",    "(a)",     "f()",     "f-g() ",   "eval() ",
    "[[ ",     " ]]",      "function ", "time ", "select ", "coproc ", "$'a'",     "$\"a\"",
    "$[1]",    "#",        " # ",       "\\\n",  "\\\nE\n", "{ a; }",  "~",        "*",
    "a=(1)",   "-",        "5>",        "1+2",   "\"}\"",   "'}'",     "a() b",    "E"};

std::string soup(std::mt19937_64& random) {
    std::string text;
    const std::size_t pieces = 1 + random() % 9;
    for (std::size_t i = 0; i < pieces; ++i) {
        text += kPieces[random() % std::size(kPieces)];
        text += random() % 3 == 0 ? " " : "";
    }
    return text;
}

TEST(Dash, AcceptsEveryGeneratedTextThatIsAccepted) {
    if (!Dash::present()) {
        GTEST_SKIP() << "dash is absent";
    }
    const char* given = std::getenv("DASH_SEED");
    const char* count = std::getenv("DASH_COUNT");
    const std::uint64_t seed = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
    const std::uint64_t most = count == nullptr ? 1500 : std::strtoull(count, nullptr, 10);
    std::cout << "seed " << seed << '\n';
    std::mt19937_64 random(seed);
    Dash dash;
    Verdicts verdicts;
    const bool telling = std::getenv("DASH_TELL") != nullptr;
    for (std::uint64_t i = 0; i < most; ++i) {
        const std::size_t refused = verdicts.false_rejects;
        const std::string text = soup(random);
        compare(dash, text, verdicts);
        if (telling && verdicts.false_rejects != refused) {
            std::cout << "refused: " << parse(text, Dialect::Posix).error.message << "\n"
                      << text << "\n---\n";
        }
    }
    report("generated", verdicts);
    EXPECT_GT(verdicts.accepted, most / 10);
}

TEST(Dash, AcceptsEveryTextOfTheSharedDataThatIsAccepted) {
    if (!test_data_present() || !Dash::present()) {
        GTEST_SKIP() << "the shared data or dash is absent";
    }
    Dash dash;
    for (const char* set : {"ci_commands", "gtfobins", "shell_parser_conformance"}) {
        Verdicts verdicts;
        std::set<std::string> seen;
        for (const TestRow& row : test_rows(set)) {
            if (row.text.find('\0') == std::string::npos && seen.insert(row.text).second) {
                compare(dash, row.text, verdicts);
            }
        }
        report(set, verdicts);
    }
}

}  // namespace
}  // namespace countersign::shell
