// Policy files: what is accepted, what is refused with file and line, and how sources merge.
#include "policy/policy.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "policy/test_support.h"

namespace countersign::policy {
namespace {

using model::Decision;
using model::Tier;

Result<Policy> load(const std::string& more) {
    return Policy::load({{"a.toml", std::string(kPlainPolicy) + more}});
}

std::string refusal(const std::string& more) {
    const auto policy = load(more);
    return policy.ok() ? "accepted" : policy.error().message;
}

TEST(DefaultPolicy, LoadsAndIsWhatTheContractSays) {
    const auto policy = Policy::load({Policy::builtin_source()});
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    EXPECT_EQ(policy->route(Tier::ReadOnly).decision, Decision::Allow);
    EXPECT_EQ(policy->route(Tier::IdempotentWrite).approvals, 1);
    EXPECT_TRUE(policy->route(Tier::IdempotentWrite).known_pattern_allows);
    EXPECT_EQ(policy->route(Tier::SideEffect).approvals, 1);
    EXPECT_EQ(policy->route(Tier::Irreversible).approvals, 2);
    EXPECT_EQ(policy->route(Tier::Forbidden).decision, Decision::Deny);
    EXPECT_EQ(policy->approval_time(), std::chrono::seconds(60));
    EXPECT_EQ(policy->digest().size(), 71U);
    EXPECT_TRUE(Evaluator::create(std::make_shared<const Policy>(Policy::builtin()), {}).ok());
}

TEST(DefaultPolicy, IsTheFileOfTheRepository) {
    std::ifstream file(std::string(COUNTERSIGN_SOURCE_DIR) + "/policies/default.toml");
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), Policy::builtin_source().text);
}

TEST(PolicyFile, NamesFileAndLine) {
    EXPECT_EQ(
        refusal("[[rule]]\nname = \"x\"\nverb = \"alow\"\nargv = [\"a b\"]\nreason = \"r\"\n"),
        "a.toml:11: [[rule]]: \"verb\" has the unknown value \"alow\"");
    EXPECT_NE(refusal("[rout").find("a.toml:9"), std::string::npos) << refusal("[rout");
}

TEST(PolicyFile, RefusesWhatItDoesNotKnow) {
    for (const char* more : {
             "colour = 1",  // inside [routes]
             "[[rules]]\nname = \"x\"",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"a\"]\nreason = \"r\"\nwhy = \"x\"",
             "[[rule]]\nname = \"X y\"\nverb = \"deny\"\nargv = [\"a\"]\nreason = \"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nreason = \"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"a\"]\nglob = [\"a\"]\nreason = "
             "\"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = []\nreason = \"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"a\"]",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nregex = [\"(\"]\nreason = \"r\"\nkinds = "
             "[\"shell\"]",
             "[[rule]]\nname = \"x\"\nverb = \"allow\"\nargv = [\"git **\"]\nreason = \"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"allow\"\nargv = [\"rm x\"]\ntier = "
             "\"irreversible\"\nreason = \"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"allow\"\neffects = [\"write@*\"]\nreason = \"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"allow\"\neffects = [\"writes@workspace\"]\nreason = "
             "\"r\"",
             "[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"a\"]\nreason = \"r\"\nexpires = "
             "\"soon\"",
             "[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"deny\"",
             "[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"deny\"\nwhen = {hour = 1}",
             "[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"deny\"\nwhen = {hours = "
             "\"9-17\"}",
             "[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"step_up\"\nwhen = {staged "
             "= true}",
             "[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"allow\"\nwhen = {staged = "
             "true}",
             "[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"allow\"\ntiers = "
             "[\"irreversible\"]\nwhen = {staged = true}",
             "[[modify]]\nname = \"x\"\nreason = \"r\"\nargv = \"a *\"\nto = \"a b\"",
             "[[modify]]\nname = \"x\"\nreason = \"r\"\nargv = \"* a\"\nto = \"a *\"",
             "[[modify]]\nname = \"x\"\nreason = \"r\"\nargv = \"a **\"\nto = \"a ** b\"",
         }) {
        EXPECT_NE(refusal(more), "accepted") << more;
    }
}

TEST(PolicyFile, RefusesToWeakenWhatMayNotBeWeakened) {
    const auto with_route = [](const std::string& tier, const std::string& route) {
        std::string text = kPlainPolicy;
        const std::size_t at = text.find(tier + " = ");
        text.replace(at, text.find('\n', at) - at, tier + " = " + route);
        return Policy::load({{"a.toml", text}}).ok();
    };
    EXPECT_FALSE(with_route("forbidden", R"({ decision = "step_up", approvals = 8 })"));
    EXPECT_FALSE(with_route("irreversible", R"({ decision = "allow" })"));
    EXPECT_FALSE(with_route(
        "irreversible", R"({ decision = "step_up", approvals = 2, known_pattern_allows = true })"));
    EXPECT_FALSE(with_route("irreversible", R"({ decision = "step_up" })"));
    EXPECT_TRUE(with_route("irreversible", R"({ decision = "deny" })"));
    EXPECT_TRUE(with_route("irreversible", R"({ decision = "step_up", approvals = 1 })"));
}

TEST(PolicyFile, EveryTierNeedsARoute) {
    EXPECT_FALSE(Policy::load({}).ok());
    EXPECT_FALSE(Policy::load({{"a.toml", "version = 1\n"}}).ok());
}

Result<Policy> merged(const std::string& later) {
    return Policy::load({{"a.toml", std::string("step_up_risk = 80\n") + kPlainPolicy},
                         {"b.toml", "version = 1\n" + later}});
}

TEST(Merge, LaterSourcesMayOnlyBeStricter) {
    EXPECT_TRUE(merged("[routes]\nread_only = { decision = \"step_up\", approvals = 1 }").ok());
    EXPECT_TRUE(merged("[routes]\nirreversible = { decision = \"deny\" }").ok());
    EXPECT_TRUE(merged("[routes]\nside_effect = { decision = \"step_up\", approvals = 2 }").ok());
    EXPECT_TRUE(merged("step_up_risk = 60").ok());
    EXPECT_FALSE(merged("step_up_risk = 90").ok());
    EXPECT_FALSE(merged("principal_counts = true").ok());
    EXPECT_FALSE(merged("[routes]\nside_effect = { decision = \"allow\" }").ok());
    EXPECT_FALSE(merged("[routes]\nirreversible = { decision = \"step_up\", approvals = 1 }").ok());
    EXPECT_FALSE(merged("[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"allow\"\n"
                        "tiers = [\"side_effect\"]\nwhen = {staged = true}")
                     .ok());
}

TEST(Merge, DigestCoversEverySourceInOrder) {
    const auto one =
        merged("[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"a\"]\nreason = \"r\"");
    const auto two =
        merged("[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"b\"]\nreason = \"r\"");
    ASSERT_TRUE(one.ok() && two.ok());
    EXPECT_NE(one->digest(), two->digest());
    EXPECT_FALSE(merged("[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"a\"]\nreason = \"r\"\n"
                        "[[rule]]\nname = \"x\"\nverb = \"deny\"\nargv = [\"b\"]\nreason = \"r\"")
                     .ok());
}

struct ConditionCase {
    const char* when;
    bool holds;
};

class Conditions : public ::testing::TestWithParam<ConditionCase> {};

TEST_P(Conditions, HoldAsWritten) {
    const Evaluator evaluator =
        evaluator_of("[[condition]]\nname = \"x\"\nreason = \"r\"\ndecision = \"deny\"\nwhen = {" +
                     std::string(GetParam().when) + "}");
    Case asked("ls");
    asked.command({"ls"}, Tier::ReadOnly)
        .effect(model::EffectKind::Read, model::Place::Home, "/home/u/x");
    asked.risk(40).finding("padding", model::Severity::Medium);
    asked.assessment().factors = {{"anomaly.surprise", 9, "new"}, {"staged", -5, "staged"}};
    asked.context().contained = true;
    asked.context().door = "hook";
    asked.context().principal = "ann";
    asked.context().host = "h1";
    asked.context().delegation = {"s-1"};
    const auto out = decide(evaluator, asked);
    EXPECT_EQ(out.decision == Decision::Deny, GetParam().holds) << GetParam().when;
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Conditions,
    ::testing::Values(
        ConditionCase{"agent_types = [\"coding\"]", true},
        ConditionCase{"agent_types = [\"deploy\"]", false}, ConditionCase{"complete = true", true},
        ConditionCase{"complete = false", false}, ConditionCase{"contained = true", true},
        ConditionCase{"contained = false", false}, ConditionCase{"staged = false", true},
        ConditionCase{"staged = true", false}, ConditionCase{"delegated = true", true},
        ConditionCase{"delegated = false", false},
        ConditionCase{"doors = [\"hook\", \"mcp\"]", true},
        ConditionCase{"doors = [\"mcp\"]", false}, ConditionCase{"effects = [\"read@home\"]", true},
        ConditionCase{"effects = [\"*@home\"]", true},
        ConditionCase{"effects = [\"write@home\"]", false},
        ConditionCase{"factors = [\"anomaly*\"]", true},
        ConditionCase{"factors = [\"staged\"]", false},
        ConditionCase{"finding_at_least = \"medium\"", true},
        ConditionCase{"finding_at_least = \"high\"", false},
        ConditionCase{"findings = [\"padding\"]", true}, ConditionCase{"findings = [\"x\"]", false},
        ConditionCase{"hosts = [\"h1\"]", true}, ConditionCase{"hosts = [\"h2\"]", false},
        ConditionCase{"hours = \"12:00-12:01\"", true},
        ConditionCase{"hours = \"11:00-12:00\"", false},
        ConditionCase{"hours = \"22:00-06:00\"", false},
        ConditionCase{"hours = \"22:00-13:00\"", true},
        ConditionCase{"kinds = [\"command\"]", true}, ConditionCase{"kinds = [\"sql\"]", false},
        ConditionCase{"principals = [\"ann\"]", true},
        ConditionCase{"principals = [\"bob\"]", false},
        ConditionCase{"purpose_stated = false", true},
        ConditionCase{"purpose_stated = true", false}, ConditionCase{"risk_at_least = 40", true},
        ConditionCase{"risk_at_least = 41", false}, ConditionCase{"workspaces = [\"/w\"]", true},
        ConditionCase{"workspaces = [\"/w/*\"]", false},
        ConditionCase{"contained = true, risk_at_least = 41", false}));

TEST(Conditions, DeferSuspends) {
    const Evaluator evaluator = evaluator_of(
        "[[condition]]\nname = \"night\"\nreason = \"nobody is there\"\ndecision = \"defer\"\n"
        "tiers = [\"irreversible\"]\nwhen = {hours = \"12:00-13:00\"}");
    Case asked("rm -rf /srv");
    asked.command({"rm", "-rf", "/srv"}, Tier::Irreversible);
    const auto out = decide(evaluator, asked);
    EXPECT_EQ(out.decision, Decision::Defer);
    EXPECT_EQ(out.rule, "builtin/night");
    EXPECT_EQ(out.reason, "nobody is there");
}

}  // namespace
}  // namespace countersign::policy
