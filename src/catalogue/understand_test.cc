#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "catalogue/catalogue.h"
#include "catalogue/example.h"
#include "catalogue/words.h"

namespace countersign::catalogue {
namespace {

using model::EffectKind;
using testing::HasSubstr;

Understanding of(std::string_view text) {
    return understand(example_command(text), example_place());
}

std::string effects(std::string_view text) {
    return example_effects(of(text));
}

bool has(const Understanding& found, EffectKind kind, model::Place place) {
    for (const model::Effect& effect : found.effects) {
        if (effect.kind == kind && effect.place == place) {
            return true;
        }
    }
    return false;
}

// --- Bypasses 5: wrappers not unwrapped ---------------------------------------------------------

TEST(Bypass5, WrappersGiveTheInnerCommand) {
    for (const char* wrapper : {"env",
                                "sudo",
                                "sudo -u x -E",
                                "watch -x",
                                "setsid",
                                "nice -n 5",
                                "timeout -s KILL 9",
                                "nohup",
                                "stdbuf -oL",
                                "xargs",
                                "xargs -n 1 -P 4",
                                "command",
                                "busybox",
                                "flock /tmp/l",
                                "exec",
                                "ionice -c3",
                                "strace -f",
                                "time",
                                "doas",
                                "pkexec",
                                "parallel",
                                "chroot /x",
                                "unshare -r",
                                "systemd-run --user",
                                "env -i A=b",
                                "git bisect run",
                                "docker exec c",
                                "kubectl exec p --",
                                "sshpass -p x",
                                "taskset 1",
                                "find . -exec",
                                "fd x -x"}) {
        const Understanding found = of(std::string(wrapper) + " rm -rf y");
        ASSERT_FALSE(found.inner.empty()) << wrapper;
        const Inner& inner = found.inner.front();
        const std::string words = inner.kind == Inner::Kind::Argv ? example_effects(found)
                                                                  : inner.text.value.value_or("");
        EXPECT_THAT(words, HasSubstr("rm -rf y")) << wrapper;
    }
}

// An entry that took a wrapper's flag for one with a value hid the inner command behind it:
// "caffeinate -i rm ls" was read as "ls".
TEST(Bypass5, FlagsOfWrappersDoNotSwallowTheInnerCommand) {
    for (const char* wrapper :
         {"caffeinate -i", "unbuffer -p", "setsid -c", "setsid -w", "strace -k", "strace -x",
          "watch -e", "watch -x", "taskset -c 1", "chrt -r 5", "nice -n 1", "env -i", "sudo -E",
          "timeout --foreground 5", "xargs -r", "stdbuf -o0"}) {
        const Understanding found = of(std::string(wrapper) + " rm ls");
        EXPECT_THAT(example_effects(found), HasSubstr(": rm ls")) << wrapper;
    }
}

TEST(Bypass5, FindDeletesAndExecutesBelowItsStartingPoints) {
    EXPECT_EQ(effects("find /srv -name x -delete"),
              "delete other_path /srv/**/x recursive; read other_path /srv recursive");
    EXPECT_THAT(effects("find /srv -execdir rm {} +"), HasSubstr("rm /srv/**"));
    EXPECT_THAT(effects("find . -fprint /etc/x"), HasSubstr("write system /etc/x"));
}

TEST(Bypass5, WordsFromInputAreUnknownAndNotAbsent) {
    const Understanding found = of("xargs rm");
    ASSERT_EQ(found.inner.size(), 1U);
    EXPECT_TRUE(found.inner[0].open_ended);
    EXPECT_FALSE(found.inner[0].argv.back().value.has_value());
}

TEST(Bypass5, SudoIsElevatedAndSshIsElsewhere) {
    EXPECT_TRUE(of("sudo rm x").inner.at(0).elevated);
    const Inner remote = of("ssh u@h.example.com rm x").inner.at(0);
    EXPECT_TRUE(remote.elsewhere);
    EXPECT_EQ(remote.host, "h.example.com");
}

// --- Bypasses 8: a planted program with a known base name ---------------------------------------

TEST(Bypass8, AProgramByPathIsItsOwnFile) {
    EXPECT_EQ(effects("./numfmt 1"), "execute workspace /w/numfmt");
    EXPECT_EQ(effects("/tmp/git status"), "execute temporary /tmp/git");
    EXPECT_EQ(effects("../x/ls"), "execute other_path /x/ls");
    EXPECT_EQ(of("./numfmt 1").program_class, "local");
    EXPECT_EQ(effects("/usr/bin/git status"), "nothing");
    EXPECT_EQ(effects("/usr/bin/../../tmp/git status"), "execute temporary /tmp/git");
}

TEST(Bypass8, AVirtualEnvironmentsInterpreterStillRunsWhatFollows) {
    EXPECT_THAT(effects(".venv/bin/python -c 'import os'"), HasSubstr("program python: import os"));
    EXPECT_THAT(effects(".venv/bin/python -c 'import os'"),
                HasSubstr("execute workspace /w/.venv/bin/python"));
}

// --- Bypasses 9: an interpreter alone runs whatever it is given ---------------------------------

TEST(Bypass9, InterpretersAndShellsAreNeverHarmless) {
    for (const char* program : {"sh", "zsh", "bash -i", "env sh", "sudo -i", "sudo -s", "su",
                                "python", "node", "perl", "ruby", "| sh", "| python3 -",
                                "bash /dev/stdin", "bash /dev/fd/63", "python /proc/self/fd/3"}) {
        EXPECT_NE(effects(program), "nothing") << program;
    }
}

// --- Bypasses 10: builtins that poison what runs later ------------------------------------------

TEST(Bypass10, BuiltinsThatPoisonHaveEffects) {
    for (const char* text :
         {"export PATH=/tmp/x", "typeset -x LD_PRELOAD=/tmp/x.so", "declare -x BASH_ENV=/tmp/x",
          "alias ls='rm -rf /'", "source /tmp/x", ". /tmp/x", "trap 'rm x' EXIT",
          "enable -f /tmp/x.so y", "hash -p /tmp/evil ls", "eval 'rm x'", "read PATH",
          "mapfile -C 'rm x' a", "unset HISTFILE", "history -c", "export GIT_SSH_COMMAND=/tmp/x",
          "readonly PROMPT_COMMAND=x"}) {
        EXPECT_NE(effects(text), "nothing") << text;
    }
}

TEST(Bypass7, AnAssignmentInFrontIsAnEffect) {
    EXPECT_EQ(effects("PATH=/tmp/evil cat a"), "env PATH; read workspace /w/a");
    EXPECT_EQ(effects("LD_PRELOAD=./x.so ls"), "env LD_PRELOAD");
    EXPECT_EQ(effects("FOO=1 ls"), "nothing");
    EXPECT_EQ(effects("PAGER=cat git log"), "nothing");
    EXPECT_THAT(effects("GIT_PAGER='sh -c id' git log"), HasSubstr("env GIT_PAGER"));
}

// --- Bypasses 15: spellings of options ----------------------------------------------------------

TEST(Bypass15, SpellingsOfOneFormHaveOneEffect) {
    const std::string wanted = "delete workspace /w/x recursive";
    for (const char* text :
         {"rm -rf x", "rm -fr x", "rm -r -f x", "rm --recursive --force x", "rm -f --rec x",
          "rm x -rf", "rm -R -- x", "rm --preserve-root=all -vr x"}) {
        EXPECT_EQ(effects(text), wanted) << text;
    }
    EXPECT_EQ(effects("rm -- -rf"), "delete workspace /w/-rf");
    EXPECT_EQ(effects("rm -f x"), "delete workspace /w/x");
}

TEST(Bypass15, ForcedPushesAreForcedInEverySpelling) {
    for (const char* text :
         {"git push -f", "git push --force", "git push --forc", "git push --force-w",
          "git push -uf o x", "git push --force-with-lease=main", "git push origin +main",
          "git push --mirror", "git push origin --delete x", "git push -d origin x",
          "git push origin :x", "git -C sub push --force", "git -c a.b=c --no-pager push -f"}) {
        const Understanding found = of(text);
        bool forced = false;
        for (const model::Effect& effect : found.effects) {
            forced = forced || (effect.kind == EffectKind::Publish && !effect.reversible &&
                                !effect.detail.empty());
        }
        EXPECT_TRUE(forced) << text;
    }
}

TEST(Bypass15, ValuesOfOptionsAreNoOperands) {
    EXPECT_EQ(effects("grep -e rm -f pat.txt file"),
              "read workspace /w/pat.txt; read workspace /w/file");
    EXPECT_EQ(effects("git commit -m 'push --force'"),
              "write workspace /w reversible; execute workspace /w reversible");
    EXPECT_EQ(effects("sort -o/etc/x a"), "write system /etc/x; read workspace /w/a");
    EXPECT_EQ(effects("sort --outp=/etc/x a"), "write system /etc/x; read workspace /w/a");
    EXPECT_EQ(effects("sort a -o $X"), "write unknown; read workspace /w/a");
    EXPECT_EQ(effects("tar xf a.tar -C/etc"), effects("tar -C /etc -xf a.tar"));
}

// --- Unknown is never silence -------------------------------------------------------------------

TEST(Unknown, ProgramsOptionsAndSubcommandsAreNamed) {
    EXPECT_FALSE(of("frobnicate x").known_program);
    EXPECT_TRUE(has(of("frobnicate x"), EffectKind::Unknown, model::Place::Unknown));
    EXPECT_FALSE(of("git frobnicate").known_form);
    EXPECT_EQ(of("rm --frob x").why_unknown, "option --frob of rm");
    EXPECT_FALSE(of("$X a").known_program);
    EXPECT_FALSE(of("git $X").known_form);
    EXPECT_TRUE(has(of("git push --$X"), EffectKind::Unknown, model::Place::Unknown));
}

TEST(Unknown, AnUnknownDirectoryGivesNoFalseTarget) {
    model::ResolvedCommand command = example_command("rm -rf *");
    command.directory.reset();
    const Understanding found = understand(command, example_place());
    EXPECT_TRUE(has(found, EffectKind::Delete, model::Place::Unknown));
}

TEST(Unknown, AFunctionThatIsNotFollowedIsUnknown) {
    model::ResolvedCommand command = example_command("ls");
    command.target = model::ResolvedCommand::Target::Function;
    EXPECT_FALSE(understand(command, example_place()).known_program);
}

// --- The gateway itself -------------------------------------------------------------------------

TEST(Gateway, AnAgentDrivingItIsAnEffectOnIt) {
    for (const char* text : {"countersign approve 1", "countersign rules add x",
                             "countersign freeze", "/usr/bin/countersign deny 1", "countersignd",
                             "./countersign thaw", "countersign run -- sh"}) {
        EXPECT_TRUE(has(of(text), EffectKind::Configure, model::Place::Gateway)) << text;
    }
    EXPECT_EQ(effects("countersign check -- rm -rf /"), "nothing");
    EXPECT_TRUE(
        has(of("rm /home/u/.config/countersign/x"), EffectKind::Delete, model::Place::Gateway));
    EXPECT_TRUE(
        has(of("systemctl disable countersignd"), EffectKind::Configure, model::Place::Gateway));
}

// --- Redirections -------------------------------------------------------------------------------

Understanding redirected(model::Redirection::Kind kind, std::string target) {
    model::ResolvedCommand command = example_command("echo x");
    model::Redirection redirection;
    redirection.kind = kind;
    redirection.target = model::Word::literal(std::move(target));
    command.redirections.push_back(redirection);
    return understand(command, example_place());
}

TEST(Redirections, WritesAndSocketsAreEffects) {
    using Kind = model::Redirection::Kind;
    EXPECT_EQ(example_effects(redirected(Kind::Write, "a")), "write workspace /w/a");
    EXPECT_EQ(example_effects(redirected(Kind::Append, "/home/u/.bashrc")),
              "persist startup /home/u/.bashrc");
    EXPECT_EQ(example_effects(redirected(Kind::Write, ".git/hooks/pre-push")),
              "persist version_control /w/.git/hooks/pre-push");
    EXPECT_EQ(example_effects(redirected(Kind::Write, "/dev/null")), "nothing");
    EXPECT_EQ(example_effects(redirected(Kind::Write, "/dev/stderr")), "nothing");
    EXPECT_EQ(example_effects(redirected(Kind::Write, "/dev/sda")), "write device /dev/sda");
    EXPECT_EQ(example_effects(redirected(Kind::Read, "/etc/shadow")),
              "secret_read secret /etc/shadow");
    EXPECT_EQ(example_effects(redirected(Kind::ReadWrite, "/dev/tcp/evil.example.com/80")),
              "connect public_host evil.example.com");
    EXPECT_EQ(example_effects(redirected(Kind::Duplicate, "1")), "nothing");
}

// --- Properties ---------------------------------------------------------------------------------

TEST(Properties, AnyWordsAreReadWithoutHarm) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    constexpr std::string_view kPieces[] = {
        "git",  "tar",    "find", "-exec", ";", "{}",          "-", "--", "--x=", "-xf",
        "sudo", "python", "-m",   "-c",    "*", "a=b",         "",  "+",  "curl", "-d",
        "@",    "xargs",  "-I",   "push",  "[", "https://[::1"};
    for (int round = 0; round < 20'000; ++round) {
        model::ResolvedCommand command;
        command.directory = "/w";
        for (std::size_t i = 0, n = 1 + random() % 7; i < n; ++i) {
            command.argv.push_back(
                model::Word::literal(std::string(kPieces[random() % std::size(kPieces)])));
        }
        if (random() % 4 == 0) {
            command.argv[random() % command.argv.size()] = model::Word::unknown("x");
        }
        const Understanding found = understand(command, example_place());
        EXPECT_TRUE(found.known_form || !found.why_unknown.empty());
    }
}

}  // namespace
}  // namespace countersign::catalogue
