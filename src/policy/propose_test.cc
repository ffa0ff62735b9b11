// "Approve and remember": the proposed rule is narrow, and lets this very action pass.
#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace countersign::policy {
namespace {

using model::Decision;
using model::EffectKind;
using model::Place;
using model::Tier;

std::optional<model::Rule> proposal(const Case& asked) {
    return propose(asked.request(), asked.assessment(), kNoon);
}

TEST(Propose, KeepsWordsAndOpensWorkspacePathsAndNumbers) {
    Case asked("tool convert -q 5 src/a.png out/b.png");
    asked.command({"tool", "convert", "-q", "5", "src/a.png", "out/b.png"}, Tier::IdempotentWrite)
        .effect(EffectKind::Read, Place::Workspace, "/w/src/a.png")
        .effect(EffectKind::Write, Place::Workspace, "/w/out/b.png");
    const auto rule = proposal(asked);
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(model::pattern_text(*rule), "tool convert -q * * *");
    EXPECT_EQ(rule->tier, Tier::IdempotentWrite);
    EXPECT_EQ(rule->scope.agent_types, std::vector<std::string>{"coding"});
    EXPECT_EQ(rule->scope.workspace, "/w");
    ASSERT_TRUE(rule->expires.has_value());
    EXPECT_EQ(rule->expires->since(kNoon), std::chrono::hours(24 * 30));
    EXPECT_EQ(decide(evaluator_of("", {*rule}), asked).decision, Decision::Allow);
}

TEST(Propose, NeverTheProgramAlone) {
    Case asked("kill 1234");  // "kill *" would be every process
    asked.command({"kill", "1234"}, Tier::SideEffect);
    const auto rule = proposal(asked);
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(model::pattern_text(*rule), "kill 1234");
}

TEST(Propose, GlobCharactersOfTheActionStandForThemselves) {
    Case asked("tool rm *");
    asked.command({"tool", "rm", "*"}, Tier::SideEffect);
    const auto rule = proposal(asked);
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(rule->words.back(), "\\*");
    Case wider("tool rm x");
    wider.command({"tool", "rm", "x"}, Tier::SideEffect);
    EXPECT_EQ(decide(evaluator_of("", {*rule}), wider).decision, Decision::StepUp);
}

TEST(Propose, UnknownProgramsKeepEveryWord) {
    Case asked("frob --all 7");
    asked.command({"frob", "--all", "7"}, Tier::SideEffect);
    asked.assessment().commands[0].known = false;
    const auto rule = proposal(asked);
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(model::pattern_text(*rule), "frob --all 7");
}

TEST(Propose, SeveralWritingCommandsGiveAnExactRule) {
    Case asked("make a && ./a");
    asked.command({"make", "a"}, Tier::SideEffect).command({"./a"}, Tier::SideEffect);
    const auto rule = proposal(asked);
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(rule->pattern_kind, model::PatternKind::Exact);
    EXPECT_EQ(rule->pattern, "make a && ./a");
}

TEST(Propose, NothingWhereNoRuleIsSafe) {
    Case unknown("git push $X");
    unknown.command({"git", "push", std::nullopt}, Tier::SideEffect);
    EXPECT_FALSE(proposal(unknown).has_value());
    Case hard("rm -rf /srv");
    hard.command({"rm", "-rf", "/srv"}, Tier::Irreversible);
    EXPECT_FALSE(proposal(hard).has_value());
    Case telling("make x");
    telling.command({"make", "x"}, Tier::SideEffect)
        .finding("secret_literal", model::Severity::High);
    EXPECT_FALSE(proposal(telling).has_value());
    Case homeless("make x");
    homeless.command({"make", "x"}, Tier::SideEffect);
    homeless.context().workspace.clear();
    EXPECT_FALSE(proposal(homeless).has_value());
}

// bypass 9: "always" on a shell or an interpreter stored the interpreter.
TEST(Propose, Bypass09InterpreterIsRememberedWithItsScriptOnly) {
    Case script("python3 tools/gen.py");
    script.command({"python3", "tools/gen.py"}, Tier::SideEffect)
        .effect(EffectKind::Execute, Place::Workspace, "/w/tools/gen.py");
    const auto rule = proposal(script);
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(model::pattern_text(*rule), "python3 tools/gen.py");
}

}  // namespace
}  // namespace countersign::policy
