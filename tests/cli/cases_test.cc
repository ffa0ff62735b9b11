// Runs every case of tests/cli/*.test, one GoogleTest per file, and sees that the runner notices
// wrong cases (the canary).
#include <gtest/gtest.h>

#include "case_file.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/keys.h"
#include "cli/parse.h"
#include "fake_world.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "text/json.h"

namespace countersign::testing {
namespace {

const std::string kDirectory = std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/cli";

/// A directory that goes with the case.
class CaseDirectory {
public:
    CaseDirectory() {
        auto made = sys::make_temporary_directory(sys::temporary_directory(), "cli-case-");
        path_ = made.ok() ? made.take() : std::string();
    }
    CaseDirectory(const CaseDirectory&) = delete;
    CaseDirectory& operator=(const CaseDirectory&) = delete;
    ~CaseDirectory() {
        if (!path_.empty()) {
            static_cast<void>(sys::remove_tree(path_).ok());
        }
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string with_placeholders(std::string text, const std::string& config) {
    for (auto at = text.find(config); at != std::string::npos; at = text.find(config)) {
        text.replace(at, config.size(), "$CONFIG");
    }
    return text;
}

/// "*" in the expectation stands for any string.
bool matches_json(const boost::json::value& expected, const boost::json::value& actual) {
    if (expected.is_string() && expected.as_string() == "*") {
        return true;
    }
    if (expected.is_object() && actual.is_object()) {
        const auto& want = expected.as_object();
        const auto& have = actual.as_object();
        return want.size() == have.size() &&
               std::all_of(want.begin(), want.end(), [&](const auto& member) {
                   const auto* value = have.if_contains(member.key());
                   return value != nullptr && matches_json(member.value(), *value);
               });
    }
    if (expected.is_array() && actual.is_array()) {
        const auto& want = expected.as_array();
        const auto& have = actual.as_array();
        return std::equal(want.begin(), want.end(), have.begin(), have.end(), matches_json);
    }
    return expected == actual;
}

void compare_text(std::vector<std::string>& faults, const std::string& what,
                  const std::string& expected, const std::string& actual) {
    if (!matches_lines(expected, actual)) {
        faults.push_back(what + " differs; expected\n" + expected + "--- got\n" + actual);
    }
}

void compare_posted(std::vector<std::string>& faults, const CliCase& given,
                    const FakeGateway& gateway) {
    if (given.posted.empty()) {
        return;
    }
    if (gateway.sent().size() != given.posted.size()) {
        faults.push_back(std::to_string(gateway.sent().size()) + " posts were sent, " +
                         std::to_string(given.posted.size()) + " expected");
        return;
    }
    for (std::size_t i = 0; i < given.posted.size(); ++i) {
        const auto expected = text::parse_json(given.posted[i].body, 1024 * 1024);
        const auto& sent = gateway.sent()[i];
        if (!expected.ok() || sent.path != given.posted[i].path ||
            !matches_json(*expected, sent.body)) {
            faults.push_back("post " + std::to_string(i + 1) + " went to " + sent.path + ": " +
                             boost::json::serialize(sent.body));
        }
    }
}

/// Everything that is wrong with one case; empty: it passes.
std::vector<std::string> run_case(const CliCase& given) {
    const CaseDirectory directory;
    FakeWorld world(given, directory.path());
    for (const std::string& name : given.keys) {
        if (!cli::create_key(world, name, "").ok()) {
            return {"the key of " + name + " cannot be made"};
        }
    }
    const int status = cli::run_command(world, given.words);
    std::vector<std::string> faults;
    if (given.judge && world.judged() != given.judge) {
        faults.push_back("it did not become the judge with those words");
    }
    if (!given.judge && status != given.status) {
        faults.push_back("exit status " + std::to_string(status) + ", expected " +
                         std::to_string(given.status));
    }
    const auto seen = [&](const std::string& text) {
        return with_placeholders(text, directory.path());
    };
    if (!given.judge) {
        compare_text(faults, "stdout", given.out, seen(world.fake_console().out_text()));
        compare_text(faults, "stderr", given.err, seen(world.fake_console().err_text()));
    }
    compare_posted(faults, given, world.fake_gateway());
    for (const std::string& request : world.fake_gateway().unused()) {
        faults.push_back("never asked: " + request);
    }
    return faults;
}

std::vector<std::string> case_files(const std::string& directory) {
    std::vector<std::string> files;
    const auto names = sys::list_directory(directory, 1000);
    if (names.ok()) {
        for (const std::string& name : *names) {
            if (name.ends_with(".test")) {
                files.push_back(directory + "/" + name);
            }
        }
    }
    return files;
}

class CliCases : public ::testing::TestWithParam<std::string> {};

TEST_P(CliCases, Pass) {
    const auto cases = read_cases(GetParam());
    ASSERT_TRUE(cases.ok()) << cases.error().message;
    ASSERT_FALSE(cases->empty()) << "no case in " << GetParam();
    for (const CliCase& given : *cases) {
        for (const std::string& fault : run_case(given)) {
            ADD_FAILURE_AT(given.file.c_str(), given.line) << given.name << ": " << fault;
        }
    }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
    const std::string name = info.param.substr(info.param.rfind('/') + 1);
    std::string out = name.substr(0, name.find('.'));
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

INSTANTIATE_TEST_SUITE_P(Files, CliCases, ::testing::ValuesIn(case_files(kDirectory)), test_name);

TEST(CliCanary, EveryWrongCaseIsReported) {
    const auto files = case_files(kDirectory + "/canary");
    ASSERT_FALSE(files.empty());
    for (const std::string& file : files) {
        const auto cases = read_cases(file);
        ASSERT_TRUE(cases.ok()) << cases.error().message;
        for (const CliCase& given : *cases) {
            EXPECT_FALSE(run_case(given).empty()) << given.file << ": " << given.name;
        }
    }
}

TEST(CliManual, TheCheckedInPageIsCurrent) {
    const auto page =
        sys::read_file(std::string(COUNTERSIGN_SOURCE_DIR) + "/man/countersign.1", 1024 * 1024);
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_EQ(*page, cli::manual_page())
        << "make it anew: countersign help --man > man/countersign.1";
}

TEST(CliCompletion, OffersEveryVerbAndFlag) {
    const std::string script = cli::bash_completion();
    for (const cli::Command& command : cli::commands()) {
        EXPECT_NE(script.find("'" + std::string(command.name) + "') words="), std::string::npos);
        for (const cli::Flag& flag : command.flags) {
            EXPECT_NE(script.find("--" + std::string(flag.name)), std::string::npos) << flag.name;
        }
    }
}

TEST(CliTable, EveryVerbHasAHandlerAnExampleAndParsesIt) {
    for (const cli::Command& command : cli::commands()) {
        EXPECT_NE(command.handler, nullptr) << command.name;
        EXPECT_FALSE(command.summary.empty() || command.summary.ends_with('.')) << command.name;
        const auto words = split_words(std::string(command.example));
        if (command.words == cli::Command::Words::Raw) {
            continue;  // its words are not ours to read
        }
        const std::size_t skip = command.name.find(' ') == std::string_view::npos ? 2 : 3;
        ASSERT_GE(words.size(), skip - 1) << command.name;
        const auto parsed =
            cli::parse_arguments(command, std::span(words).subspan(std::min(skip, words.size())));
        EXPECT_TRUE(parsed.ok()) << command.example << ": " << parsed.error().message;
    }
}

TEST(CliCanary, MisspeltSectionIsAnError) {
    const CaseDirectory directory;
    const std::string path = directory.path() + "/wrong.test";
    ASSERT_TRUE(sys::write_new_file(path, "=== x\n--- stdot\nhello\n").ok());
    EXPECT_FALSE(read_cases(path).ok());
}

}  // namespace
}  // namespace countersign::testing
