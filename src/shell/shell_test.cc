// What analyze() and parse() promise, by example; each attack of docs and field reports by name.
#include "shell/shell.h"

#include <gtest/gtest.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/limits.h"
#include "shell/tree.h"

namespace countersign::shell {
namespace {

Surroundings known() {
    Surroundings surroundings;
    surroundings.directory = "/w";
    surroundings.home = "/home/u";
    surroundings.zero = "bash";
    return surroundings;
}

/// The programs that could start, one line each: words joined by "|", "?" for an unknown word.
std::string programs(const std::string& text) {
    const model::CommandFacts facts = analyze(text, known());
    std::string out = facts.complete ? "" : "incomplete\n";
    for (const model::ResolvedCommand& command : facts.commands) {
        if (command.target != model::ResolvedCommand::Target::External) {
            continue;
        }
        for (std::size_t i = 0; i < command.argv.size(); ++i) {
            out += (i == 0 ? "" : "|") + command.argv[i].value.value_or("?");
        }
        out += '\n';
    }
    return out;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Each of 256 levels kept a copy of the rest: 4 GiB and seconds of the gateway for one text of 1
// MiB. Sanitizers reserve more address space than any limit here would leave.
TEST(ShellAttack, BracesInARowTakeLittleMemory) {
    std::string text = "echo ";
    while (text.size() + 5 < limits::kActionTextBytesMax) {
        text += "{a,b}";
    }
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit limit{std::size_t{512} << 20U, std::size_t{512} << 20U};
        ::setrlimit(RLIMIT_AS, &limit);
        ::_exit(analyze(text, known()).complete ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}
#endif

TEST(ShellAttack, QuotingGamesNameTheSameProgram) {
    EXPECT_EQ(programs("r\"\"m -rf /"), "rm|-rf|/\n");
    EXPECT_EQ(programs("$'\\x72m' -rf /"), "rm|-rf|/\n");
    EXPECT_EQ(programs("r\\m -r''f /"), "rm|-rf|/\n");
    EXPECT_EQ(programs("{rm,-rf,/}"), "rm|-rf|/\n");
    EXPECT_EQ(programs("\"${x+a}\"rm"), "incomplete\n");
    EXPECT_EQ(programs("unset x; \"${x:-rm}\" /"), "rm|/\n");
    EXPECT_EQ(programs("a=rm${IFS}-rf${IFS}/; $a"), "rm|-rf|/\n");
    EXPECT_EQ(programs("$(printf %s rm) /"), "rm|/\n");
    EXPECT_EQ(programs("r\\\nm /"), "rm|/\n");
}

TEST(ShellAttack, EveryCommandOfAChainIsListed) {
    EXPECT_EQ(programs("a && b; c | d & e || f\ng"), "a\nb\nc\nd\ne\nf\ng\n");
    EXPECT_EQ(programs("a <(b) >(c) $(d) `e`"),
              "incomplete\nb\nc\nd\ne\na|/dev/fd/[0-9]*|/dev/fd/[0-9]*|?|?\n");
}

TEST(ShellAttack, EvalRunsItsText) {
    EXPECT_EQ(programs("x='rm -rf'; eval \"$x /\""), "rm|-rf|/\n");
    EXPECT_EQ(programs("eval \"$(curl x)\"").substr(0, 10), "incomplete");
}

TEST(ShellAttack, ArithmeticRunsSubscripts) {
    EXPECT_EQ(programs("echo $((a[$(id)]))").substr(0, 10), "incomplete");
    EXPECT_EQ(programs("[[ -v a[$(id)] ]]").find("id") != std::string::npos, true);
    EXPECT_FALSE(analyze("test -v 'a[$(id)]'", known()).complete);
    EXPECT_FALSE(analyze("x='a[$(id)]'; ((x))", known()).complete);
    EXPECT_FALSE(analyze("x='a[$(id)]'; [[ x -eq 1 ]]", known()).complete);
    EXPECT_FALSE(analyze("declare -i n; n='a[$(id)]'", known()).complete);
}

TEST(ShellAttack, BuiltinsThatRunOrRename) {
    for (const char* text :
         {"source ./x", ". x", "enable -f ./x.so y", "hash -p /tmp/evil ls; ls",
          "shopt -s expand_aliases\nalias ls=rm\nls", "PS4='$(id)'; set -x; a", "declare -n r=PATH",
          "mapfile -C 'rm' -c 1 x", "trap 'id' DEBUG; a", "read 'a[$(id)]'", "set -k; a b=c",
          "jobs -x rm", "compgen -C id", "printf -v 'a[$(id)]' x", "BASH_CMDS[ls]=/tmp/e; ls"}) {
        EXPECT_FALSE(analyze(text, known()).complete) << text;
    }
}

TEST(ShellAttack, FunctionsHideNothing) {
    EXPECT_EQ(programs("ls() { rm \"$@\"; }; ls -rf /"), "rm|-rf|/\n");
    EXPECT_EQ(programs("f() { g; }; g() { rm x; }; f"), "rm|x\n");
    EXPECT_EQ(programs("trap 'rm $X' EXIT; X=a; b"), "incomplete\nb\nrm|?\n");
}

TEST(ShellFacts, DataIsNotCode) {
    EXPECT_EQ(programs("git commit -m 'rm -rf / && x'"), "git|commit|-m|rm -rf / && x\n");
    EXPECT_EQ(programs("cat <<'E'\n$(rm -rf /)\nE\n"), "cat\n");
    EXPECT_EQ(programs("cat <<E\n$(rm -rf /)\nE\n"), "rm|-rf|/\ncat\n");
}

TEST(ShellFacts, DirectoriesFollowCd) {
    const model::CommandFacts facts = analyze("cd /x && a; b", known());
    ASSERT_EQ(facts.commands.size(), 3U);
    EXPECT_EQ(facts.commands[1].directory, "/x");
    EXPECT_EQ(facts.commands[2].directory, std::nullopt);
    const model::CommandFacts sure = analyze("cd sub || exit; a", known());
    EXPECT_EQ(sure.commands.back().directory, "/w/sub");
}

TEST(ShellFacts, PipesNameTheirEnds) {
    const model::CommandFacts facts = analyze("a | b | c", known());
    ASSERT_EQ(facts.commands.size(), 3U);
    EXPECT_EQ(facts.commands[0].pipes_to, 1U);
    EXPECT_EQ(facts.commands[2].input.kind, model::InputSource::Kind::Pipe);
    EXPECT_EQ(facts.commands[2].input.pipe_from, 1U);
}

TEST(ShellParse, ErrorsCarryPlaces) {
    const ParseOutcome outcome = parse("a\nb )");
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error.line, 2U);
    EXPECT_EQ(outcome.error.column, 3U);
    EXPECT_EQ(outcome.error.offset, 4U);
    EXPECT_FALSE(parse(std::string_view("a\0b", 3)).ok());
    EXPECT_FALSE(parse(std::string(limits::kActionTextBytesMax + 1, 'a')).ok());
    EXPECT_TRUE(parse("echo \xff\xfe").ok());
}

TEST(ShellParse, HostileShapesEndSoon) {
    for (const char* piece :
         {"(",    "{ ",    "$(",    "${",   "${x:-",  "`",     "((",  "$((",
          "$[",   "[[ ( ", "{a,b}", "{",    "<<E ",   "<<E\n", "if ", "case x in x) ",
          "\"$(", "a=(",   "a[",    "!",    "f() ",   "\\\n",  "$'",  "while a; do ",
          "@(",   "<(",    "((a",   "${a[", "x=$x$x;"}) {
        std::string text;
        while (text.size() < 300'000) {
            text += piece;
        }
        analyze(text, known());
    }
    for (const char* text : {"x=a; for i in {1..40}; do x=$x$x; done; echo $x",
                             "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,"
                             "b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
                             "f() { f; f; }; f", "echo {1..100000000}",
                             "for a in {1..999}; do for b in {1..999}; do for c in {1..999}; do x; "
                             "done; done; done"}) {
        EXPECT_FALSE(analyze(text, known()).complete) << text;
    }
}

}  // namespace
}  // namespace countersign::shell
