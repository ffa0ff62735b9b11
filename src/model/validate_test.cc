#include <gtest/gtest.h>

#include "base/limits.h"
#include "model/action.h"
#include "model/rule.h"

namespace countersign::model {
namespace {

ErrorCode code_of(const Result<void>& result) {
    return result.ok() ? ErrorCode::Internal : result.error().code;
}

Action command(std::string text) {
    Action action;
    action.text = std::move(text);
    return action;
}

TEST(ValidateAction, TakesEachKindInItsOwnShape) {
    EXPECT_TRUE(validate(command("ls -l")).ok());
    Action exec;
    exec.kind = ActionKind::Exec;
    exec.argv = {"ls"};
    exec.program = "/usr/bin/ls";
    exec.content["/w/a.sh"] = "sha256:" + std::string(64, '0');
    EXPECT_TRUE(validate(exec).ok());
    Action file;
    file.kind = ActionKind::File;
    file.name = "write";
    file.target = "/w/a";
    file.text = std::string("a\0b", 3);
    EXPECT_TRUE(validate(file).ok());
}

TEST(ValidateAction, RefusesMembersThatNobodyWouldJudge) {
    Action smuggler = command("ls");
    smuggler.argv = {"rm", "-rf", "/"};
    EXPECT_EQ(code_of(validate(smuggler)), ErrorCode::InvalidArgument);
    smuggler = command("ls");
    smuggler.target = "/etc/passwd";
    EXPECT_EQ(code_of(validate(smuggler)), ErrorCode::InvalidArgument);
}

TEST(ValidateAction, RefusesNulAndContradictions) {
    EXPECT_EQ(code_of(validate(command(std::string("ls\0rm", 5)))), ErrorCode::InvalidArgument);
    Action exec;
    exec.kind = ActionKind::Exec;  // argc 0: CVE-2021-4034
    EXPECT_EQ(code_of(validate(exec)), ErrorCode::InvalidArgument);
    exec.argv = {"ls"};
    exec.program = "bin/ls";
    EXPECT_EQ(code_of(validate(exec)), ErrorCode::InvalidArgument);
    exec.program = "";
    exec.content["/w/a.sh"] = "sha256:short";
    EXPECT_EQ(code_of(validate(exec)), ErrorCode::InvalidArgument);
    exec.content.clear();
    exec.argv.assign(limits::kArgvWordsMax + 1, "x");
    EXPECT_EQ(code_of(validate(exec)), ErrorCode::LimitExceeded);
    Action file;
    file.kind = ActionKind::File;
    file.name = "chmod";
    file.target = "/w/a";
    EXPECT_EQ(code_of(validate(file)), ErrorCode::InvalidArgument);
}

TEST(ValidateAction, BoundIsExact) {
    EXPECT_TRUE(validate(command(std::string(limits::kActionTextBytesMax, 'x'))).ok());
    EXPECT_EQ(code_of(validate(command(std::string(limits::kActionTextBytesMax + 1, 'x')))),
              ErrorCode::LimitExceeded);
}

TEST(ValidateContext, RefusesRelativePathsAndBadNames) {
    Context context;
    EXPECT_TRUE(validate(context).ok());
    context.directory = "w";
    EXPECT_EQ(code_of(validate(context)), ErrorCode::InvalidArgument);
    context.directory = "/w";
    context.agent.type = "\xff";
    EXPECT_EQ(code_of(validate(context)), ErrorCode::InvalidArgument);
    context.agent.type = "coding";
    context.environment["A=B"] = "c";
    EXPECT_EQ(code_of(validate(context)), ErrorCode::InvalidArgument);
    context.environment.clear();
    context.delegation.assign(limits::kDelegationDepthMax + 1, "s-1");
    EXPECT_EQ(code_of(validate(context)), ErrorCode::LimitExceeded);
}

Rule argv_rule(std::vector<std::string> words, RuleVerb verb = RuleVerb::Allow) {
    Rule rule;
    rule.id = "r-0123456789ab";
    rule.verb = verb;
    rule.words = std::move(words);
    return rule;
}

TEST(ValidateRule, TakesNarrowRules) {
    EXPECT_TRUE(validate(argv_rule({"git", "commit", "-m", "*"})).ok());
    EXPECT_TRUE(validate(argv_rule({"make", "test"})).ok());
    EXPECT_TRUE(validate(argv_rule({"whoami"})).ok());
    EXPECT_TRUE(validate(argv_rule({"git", "**"}, RuleVerb::Deny)).ok());
    EXPECT_TRUE(validate(argv_rule({"*", "**"}, RuleVerb::Ask)).ok());
    EXPECT_TRUE(validate(argv_rule({"python3", "tools/gen.py"})).ok());
}

// bypass 9 and 29: "always allow" that stored the interpreter or the bare program.
TEST(ValidateRule, RefusesRulesThatAllowMuchMoreThanWasSeen) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"git", "**"},
                                                                   {"git", "*"},
                                                                   {"curl", "*", "**"},
                                                                   {"*", "status"},
                                                                   {"gi?", "status"},
                                                                   {"python3", "-c", "*"},
                                                                   {"bash", "-c", "*"},
                                                                   {"env", "**"},
                                                                   {"/usr/bin/python3.11", "*"},
                                                                   {"sh", "*.sh"},
                                                                   {"node", "-e", "**"}}) {
        EXPECT_FALSE(validate(argv_rule(words)).ok()) << pattern_text(argv_rule(words));
    }
}

TEST(ValidateRule, RefusesMalformedRules) {
    EXPECT_FALSE(validate(argv_rule({})).ok());
    EXPECT_FALSE(validate(argv_rule({""})).ok());
    EXPECT_FALSE(validate(argv_rule({"git", "**", "x"})).ok());
    EXPECT_FALSE(validate(argv_rule({"git", "[a"})).ok());
    Rule rule = argv_rule({"git", "status"});
    rule.tier = Tier::Irreversible;
    EXPECT_FALSE(validate(rule).ok());
    rule = argv_rule({"git", "status"});
    rule.id = "r-1";
    EXPECT_FALSE(validate(rule).ok());
    rule.id = "builtin/git-status";
    EXPECT_TRUE(validate(rule).ok());
    rule.scope.workspace = "w";
    EXPECT_FALSE(validate(rule).ok());
    rule = argv_rule({});
    rule.pattern_kind = PatternKind::Glob;
    rule.pattern = "**";
    EXPECT_FALSE(validate(rule).ok());
    rule.pattern = "git log *";
    EXPECT_TRUE(validate(rule).ok());
}

TEST(PatternText, QuotesWhatWouldRunTogether) {
    EXPECT_EQ(pattern_text(argv_rule({"git", "commit", "-m", "*", "**"})), "git commit -m * **");
    EXPECT_EQ(pattern_text(argv_rule({"echo", "a b", "", "it's"})), "echo 'a b' '' 'it'\\''s'");
}

TEST(PatternText, WordsComeBack) {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"git", "commit", "-m", "*", "**"},
                                               {"echo", "a b", "", "it's"},
                                               {"x", "''", "a\\'b"},
                                               {"find", ".", "-name", "\\*.py"}}) {
        const auto back = words_from_pattern(pattern_text(argv_rule(words)));
        ASSERT_TRUE(back.ok());
        EXPECT_EQ(*back, words) << pattern_text(argv_rule(words));
    }
    EXPECT_FALSE(words_from_pattern("echo 'a").ok());
    EXPECT_FALSE(words_from_pattern("  ").ok());
}

TEST(ValidateRule, ReviewedFilesMayAllowScriptsByNameButNoInlineText) {
    const auto valid = [](std::vector<std::string> words) {
        Rule rule = argv_rule(std::move(words));
        rule.id = "builtin/x";
        return validate(rule).ok();
    };
    EXPECT_TRUE(valid({"python3", "**.py", "**"}));
    EXPECT_TRUE(valid({"python3", "-m", "pytest", "**"}));
    EXPECT_FALSE(valid({"python3", "-c", "*"}));
    EXPECT_FALSE(valid({"python3", "**"}));
    EXPECT_FALSE(valid({"node", "-e", "**"}));
    EXPECT_FALSE(valid({"python3"}));
}

// bypass 14: a rule for the bare interpreter allows whatever is piped into it.
TEST(ValidateRule, RefusesInterpretersThatReadTheirProgram) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"python3"},
                                                                   {"bash"},
                                                                   {"bash", "-s", "x"},
                                                                   {"python3", "-", "x"},
                                                                   {"python3", "-u"},
                                                                   {"sh", "/dev/stdin"}}) {
        EXPECT_FALSE(validate(argv_rule(words)).ok()) << pattern_text(argv_rule(words));
    }
}

}  // namespace
}  // namespace countersign::model
