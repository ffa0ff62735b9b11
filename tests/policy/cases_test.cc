// Judges every case of tests/policy/*.test end to end and compares; one test per case.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>

#include "case_file.h"
#include "gate/judge.h"
#include "policy/policy.h"

namespace countersign::policy_cases {
namespace {

constexpr Instant kNoon{1'764'072'000'000'000};  // 2025-11-25T12:00:00Z

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

Result<std::shared_ptr<const policy::Policy>> policy_for(const PolicyCase& asked) {
    std::vector<policy::Source> sources{policy::Policy::builtin_source()};
    if (!asked.more_policy.empty()) {
        sources.push_back({"case.toml", asked.more_policy});
    }
    policy::Policy loaded = TRY(policy::Policy::load(sources));
    return std::make_shared<const policy::Policy>(std::move(loaded));
}

Result<std::vector<model::Rule>> rules_for(const PolicyCase& asked) {
    std::vector<model::Rule> out;
    for (const std::string& pattern : asked.allow_rules) {
        model::Rule rule;
        rule.id = "r-00000000000" + std::to_string(out.size());
        rule.words = TRY(model::words_from_pattern(pattern));
        rule.tier = model::Tier::SideEffect;
        out.push_back(std::move(rule));
    }
    return out;
}

Result<model::Verdict> verdict_of(const PolicyCase& asked) {
    std::shared_ptr<const policy::Policy> loaded = TRY(policy_for(asked));
    const std::vector<model::Rule> rules = TRY(rules_for(asked));
    const policy::Evaluator evaluator = TRY(policy::Evaluator::create(loaded, rules));
    gate::Knowledge knowledge;
    knowledge.evaluator = &evaluator;
    knowledge.policy_digest = loaded->digest();
    return gate::judge(asked.request, knowledge, kNoon).verdict;
}

bool is_quiet(model::Decision decision) {
    return decision == model::Decision::Allow || decision == model::Decision::Modify;
}

// What differs from the expectation, empty when nothing does.
std::string difference(const Expectation& expected, const model::Verdict& verdict) {
    std::string out;
    const auto differs = [&](bool bad, const std::string& what) {
        out += bad ? "expected " + what + "; " : "";
    };
    const model::Tier tier = verdict.assessment.tier;
    differs(expected.decision && *expected.decision != verdict.decision,
            std::string(model::decision_name(expected.decision.value_or(model::Decision::Deny))));
    differs(expected.approvals && *expected.approvals != verdict.approvals,
            std::to_string(expected.approvals.value_or(0)) + " approvals");
    differs(expected.quiet && *expected.quiet != is_quiet(verdict.decision),
            expected.quiet.value_or(false) ? "no question" : "to be stopped");
    differs(expected.tier && *expected.tier != tier,
            "tier " + std::string(model::tier_name(expected.tier.value_or(tier))));
    differs(
        expected.tier_at_least && tier < *expected.tier_at_least,
        "tier at least " + std::string(model::tier_name(expected.tier_at_least.value_or(tier))));
    differs(expected.rule && expected.rule != verdict.rule, "rule " + expected.rule.value_or(""));
    differs(expected.complete && *expected.complete != verdict.assessment.complete,
            expected.complete.value_or(false) ? "complete" : "incomplete");
    for (const std::string& kind : expected.findings) {
        const auto& found = verdict.assessment.findings;
        differs(std::none_of(found.begin(), found.end(),
                             [&](const model::Finding& finding) { return finding.kind == kind; }),
                "finding " + kind);
    }
    return out;
}

std::string told(const model::Verdict& verdict) {
    std::string out = "got " + std::string(model::decision_name(verdict.decision)) + " " +
                      std::to_string(verdict.approvals) + ", tier " +
                      std::string(model::tier_name(verdict.assessment.tier)) + ", risk " +
                      std::to_string(verdict.assessment.risk) + ", rule " +
                      verdict.rule.value_or("none") + ": " + verdict.reason;
    for (const model::Effect& effect : verdict.assessment.effects) {
        out += "\n  " + std::string(model::effect_kind_name(effect.kind)) + "@" +
               std::string(model::place_name(effect.place)) + " " + effect.target;
    }
    for (const model::Finding& finding : verdict.assessment.findings) {
        out += "\n  finding " + finding.kind + ": " + finding.why;
    }
    return out;
}

class CaseTest : public ::testing::Test {
public:
    explicit CaseTest(PolicyCase asked) : asked_(std::move(asked)) {}
    void TestBody() override {
        const auto verdict = verdict_of(asked_);
        ASSERT_TRUE(verdict.ok()) << verdict.error().message;
        const std::string wrong = difference(asked_.expected, *verdict);
        EXPECT_TRUE(wrong.empty())
            << wrong << told(*verdict) << "\n  text: " << asked_.request.action.text.substr(0, 400);
    }

private:
    PolicyCase asked_;
};

std::filesystem::path directory() {
    return std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "tests/policy";
}

// The runner itself: a case that must fail does, and a file that cannot be read is an error.
TEST(Runner, CanaryFails) {
    const auto cases =
        read_cases("must-fail.test", read_file(directory() / "canary/must-fail.test"));
    ASSERT_TRUE(cases.ok()) << cases.error().message;
    ASSERT_FALSE(cases->empty());
    for (const PolicyCase& entry : *cases) {
        const auto verdict = verdict_of(entry);
        ASSERT_TRUE(verdict.ok());
        EXPECT_FALSE(difference(entry.expected, *verdict).empty()) << entry.name;
    }
}

TEST(Runner, RefusesFilesThatItCannotRead) {
    EXPECT_FALSE(read_cases("x", "case a\ntext ls\nallows\n").ok());
    EXPECT_FALSE(read_cases("x", "case a\ntext ls\n").ok());
    EXPECT_FALSE(read_cases("x", "case a\ntext <<END\nls\nallow\n").ok());
    EXPECT_FALSE(read_cases("x", "case a\nstep_up 9\ntext ls\n").ok());
}

void add_file(const std::filesystem::path& path) {
    auto cases = read_cases(path.filename(), read_file(path));
    const std::string suite = path.stem();
    if (!cases.ok()) {
        ::testing::RegisterTest(suite.c_str(), "reads", nullptr, nullptr, __FILE__, __LINE__,
                                [why = cases.error().message]() -> ::testing::Test* {
                                    class Unreadable : public ::testing::Test {
                                    public:
                                        explicit Unreadable(std::string text)
                                            : why_(std::move(text)) {}
                                        void TestBody() override { FAIL() << why_; }

                                    private:
                                        std::string why_;
                                    };
                                    return std::make_unique<Unreadable>(why).release();
                                });
        return;
    }
    for (const PolicyCase& entry : *cases) {
        std::string name = "line" + std::to_string(entry.line) + "_" + entry.name;
        std::replace_if(name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
        ::testing::RegisterTest(
            suite.c_str(), name.c_str(), nullptr, nullptr, path.c_str(), entry.line,
            [entry]() -> ::testing::Test* { return std::make_unique<CaseTest>(entry).release(); });
    }
}

void add_all() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
        if (entry.path().extension() == ".test") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (const auto& path : files) {
        add_file(path);
    }
}

}  // namespace
}  // namespace countersign::policy_cases

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    countersign::policy_cases::add_all();
    return RUN_ALL_TESTS();
}
