// What a tree under the jail sees of it: decisions, outcomes, the view, and the ways to end.
#include <algorithm>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "crypto/digest.h"
#include "house.h"
#include "jail/jail.h"
#include "jail/supervisor.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"

namespace countersign::jail {
namespace {

using client::ActionState;
using testing::FakeGateway;

client::ActionState allow(const model::ActionRequest& /*request*/) {
    return ActionState::Granted;
}

class Run : public testing::House {
protected:
    void SetUp() override {
        House::SetUp();
        ASSERT_TRUE(sys::write_new_file(hidden_ + "/key", "secret", 0644).ok());
    }
    RunReport run(FakeGateway& gateway, std::vector<std::string> argv) {
        return House::run(gateway, options(std::move(argv)));
    }
    [[nodiscard]] std::string output(const std::string& name = "out") const {
        return content(name);
    }
};

TEST_F(Run, EachStartIsAskedForAndItsEndReported) {
    FakeGateway gateway(allow);
    const RunReport report = shell(gateway, "/bin/echo one > out; /bin/false; exit 7");
    EXPECT_EQ(report.exit_code, 7);
    EXPECT_EQ(output(), "one\n");
    const auto asked = gateway.asked();
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(report.actions, 3);
    EXPECT_EQ(report.allowed, 3);
    EXPECT_EQ(asked[0].request.action.argv,
              (std::vector<std::string>{"sh", "-c", "/bin/echo one > out; /bin/false; exit 7"}));
    EXPECT_EQ(asked[0].request.context.within, "");
    EXPECT_EQ(asked[1].request.action.argv, (std::vector<std::string>{"/bin/echo", "one"}));
    EXPECT_EQ(asked[1].request.action.program, sys::real_path("/bin/echo").value());
    EXPECT_EQ(asked[1].request.context.within, "a-0");
    EXPECT_EQ(asked[1].request.context.directory, workspace_);
    EXPECT_EQ(asked[2].request.context.within, "a-0");
    std::map<std::string, std::optional<int>> codes;
    for (const auto& reported : gateway.reported()) {
        codes[reported.id] = reported.outcome.exit_code;
    }
    EXPECT_EQ(codes.size(), 3U);
    EXPECT_EQ(codes["a-0"], 7);
    EXPECT_EQ(codes["a-1"], 0);
    EXPECT_EQ(codes["a-2"], 1);
}

TEST_F(Run, ADeniedStartFailsAndTheAgentReadsWhy) {
    FakeGateway gateway([](const model::ActionRequest& request) {
        return request.action.argv[0] == "/bin/echo" ? ActionState::Denied : ActionState::Granted;
    });
    const RunReport report = shell(gateway, "/bin/echo x > out 2> why; echo status $? >> out");
    EXPECT_EQ(output(), "status 126\n");
    EXPECT_NE(output("why").find("countersign: denied: the test does not allow"),
              std::string::npos);
    EXPECT_EQ(report.denied, 1);
}

/// `echo` without words is permitted only as `echo 'it'\''s safe'`.
std::optional<model::Action> safer_echo(const model::ActionRequest& request) {
    if (request.action.argv != std::vector<std::string>{"echo"}) {
        return std::nullopt;
    }
    model::Action out = request.action;
    out.argv = {"echo", "it's safe"};
    return out;
}

TEST_F(Run, AChangedFormIsToldAsTheLineToRunAndTheAskedOneStartsNothing) {
    FakeGateway gateway(allow);
    gateway.modify = safer_echo;
    const RunReport report = shell(gateway, "env echo > out 2> why; echo status $? >> out");
    EXPECT_EQ(output(), "status 126\n");
    EXPECT_NE(output("why").find("Run exactly this instead, it needs nobody: echo "
                                 "'it'\\''s safe'\n"),
              std::string::npos)
        << output("why");
    EXPECT_EQ(report.denied, 1);
    const auto reported = gateway.reported();
    EXPECT_TRUE(std::any_of(reported.begin(), reported.end(), [](const auto& one) {
        return !one.outcome.started && one.outcome.error == "only a changed form of it may run";
    }));
}

TEST_F(Run, AFirstStartThatIsPermittedInAChangedFormOnlyGives126) {
    FakeGateway gateway(allow);
    gateway.modify = safer_echo;
    EXPECT_EQ(run(gateway, {"echo"}).exit_code, 126);
    EXPECT_EQ(run(gateway, {"echo", "it's safe"}).exit_code, 0);
}

TEST_F(Run, AnAgentThatIsNotPermittedGives126AndOneThatIsAbsent127) {
    FakeGateway gateway([](const auto&) { return ActionState::Denied; });
    EXPECT_EQ(run(gateway, {"sh"}).exit_code, 126);
    EXPECT_EQ(run(gateway, {"no-such-program"}).exit_code, 127);
    EXPECT_EQ(gateway.asked().size(), 1U) << "what does not exist is nobody's question";
}

TEST_F(Run, SearchingPathAsksOnlyForWhatExists) {
    FakeGateway gateway(allow);
    shell(gateway, "PATH=/nowhere:/bin:/usr/bin; true; env true");
    // sh itself, env, true: `true` alone is a builtin, and env(1) tries /nowhere/true first.
    EXPECT_EQ(gateway.asked().size(), 3U);
}

TEST_F(Run, AHeldStartHoldsItsCallerOnly) {
    FakeGateway gateway([](const model::ActionRequest& request) {
        return request.action.argv[0] == "/bin/sleep" ? ActionState::Pending : ActionState::Granted;
    });
    std::thread person([&] {
        // The person answers only after the others have gone on: `marker` says so.
        while (!sys::file_status(workspace_ + "/marker").value().has_value()) {
            std::this_thread::yield();
        }
        // The one that waits may ask later than the others on a busy machine.
        for (bool answered = false; !answered; std::this_thread::yield()) {
            for (const auto& asked : gateway.asked()) {
                if (asked.state == ActionState::Pending) {
                    gateway.answer(asked.id, ActionState::Granted);
                    answered = true;
                }
            }
        }
    });
    const RunReport report = shell(
        gateway, "/bin/sleep 0 & /bin/true; /bin/true; /bin/touch marker; wait $!; echo $? > out");
    person.join();
    EXPECT_EQ(output(), "0\n");
    EXPECT_EQ(report.held, 1);
}

TEST_F(Run, WithoutAGatewayNothingStarts) {
    FakeGateway gateway(allow);
    gateway.die();
    const auto report = supervise(options({"sh", "-c", "echo x > out"}), gateway.askers());
    EXPECT_EQ(report.value().exit_code, 126);
    EXPECT_FALSE(sys::file_status(workspace_ + "/out").value().has_value());
}

/// Grants the first /bin/touch, so that the second is loaded while it is asked about, and answers
/// that one with `second`.
FakeGateway::Judge second_touch(ActionState second, int& touches) {
    return [second, &touches](const model::ActionRequest& request) {
        return request.action.argv[0] == "/bin/touch" && ++touches == 2 ? second
                                                                        : ActionState::Granted;
    };
}

/// Starts it twice, in subshells as programs are.
constexpr std::string_view kTouchTwice =
    "/bin/touch marker; rm marker; /bin/touch marker 2> why; echo status $? > out; "
    "[ -e marker ] && echo ran >> out; true";

TEST_F(Run, WhatIsExpectedAndRefusedIsLoadedAndNeverRuns) {
    int touches = 0;
    FakeGateway gateway(second_touch(ActionState::Denied, touches));
    const RunReport report = shell(gateway, std::string(kTouchTwice));
    EXPECT_EQ(touches, 2);
    EXPECT_EQ(output(), "status 137\n") << "killed where it stood";
    EXPECT_NE(output("why").find("countersign: denied: the test does not allow"),
              std::string::npos);
    EXPECT_EQ(report.denied, 1);
}

TEST_F(Run, WhatWasRefusedOnceIsNotExpectedAgain) {
    int touches = 0;
    FakeGateway gateway([&](const model::ActionRequest& request) {
        return request.action.argv[0] == "/bin/touch" && ++touches >= 2 ? ActionState::Denied
                                                                        : ActionState::Granted;
    });
    shell(gateway,
          "/bin/touch a; /bin/touch a; echo $? > out; sh -c '/bin/touch a'; echo $? >> out");
    EXPECT_EQ(touches, 3);
    EXPECT_EQ(output(), "137\n126\n");
}

TEST_F(Run, WhatIsExpectedAndPermittedInAChangedFormOnlyNeverRuns) {
    int touches = 0;
    FakeGateway gateway(second_touch(ActionState::Granted, touches));
    gateway.modify = [&](const model::ActionRequest& request) -> std::optional<model::Action> {
        return touches == 2 && request.action.argv[0] == "/bin/touch"
                   ? std::optional(request.action)
                   : std::nullopt;
    };
    shell(gateway, std::string(kTouchTwice));
    EXPECT_EQ(output(), "status 137\n");
    EXPECT_NE(output("why").find("Run exactly this instead"), std::string::npos);
}

TEST_F(Run, WhatIsExpectedAndHeldStandsUntilTheAnswer) {
    int touches = 0;
    FakeGateway gateway(second_touch(ActionState::Pending, touches));
    bool ran_before = true;
    std::thread person([&] {
        // The shell goes on meanwhile: `waiting` says so.
        while (!sys::file_status(workspace_ + "/waiting").value().has_value()) {
            std::this_thread::yield();
        }
        for (bool answered = false; !answered; std::this_thread::yield()) {
            for (const auto& asked : gateway.asked()) {
                if (asked.state == ActionState::Pending) {
                    ran_before = sys::file_status(workspace_ + "/marker").value().has_value();
                    gateway.answer(asked.id, ActionState::Granted);
                    answered = true;
                }
            }
        }
    });
    const RunReport report = shell(gateway,
                                   "/bin/touch marker; rm marker; /bin/touch marker & : > waiting; "
                                   "wait $!; echo $? > out; [ -e marker ] && echo ran >> out");
    person.join();
    EXPECT_FALSE(ran_before);
    EXPECT_EQ(output(), "0\nran\n");
    EXPECT_EQ(report.held, 1);
}

TEST_F(Run, WhatIsExpectedAndHeldEndsWithItsDeath) {
    int touches = 0;
    FakeGateway gateway(second_touch(ActionState::Pending, touches));
    shell(gateway,
          "/bin/touch marker; rm marker; /bin/touch marker & kill -9 $!; wait $!; echo $? > out");
    EXPECT_EQ(output(), "137\n");
    EXPECT_FALSE(sys::file_status(workspace_ + "/marker").value().has_value());
}

TEST_F(Run, WhatIsExpectedNeverRunsWithoutAGateway) {
    int touches = 0;
    FakeGateway* all = nullptr;
    FakeGateway gateway([&](const model::ActionRequest& request) {
        if (request.action.argv[0] == "/bin/touch" && ++touches == 2) {
            all->die();
        }
        return ActionState::Granted;
    });
    all = &gateway;
    shell(gateway, std::string(kTouchTwice));
    EXPECT_EQ(output(), "status 137\n");
    EXPECT_NE(output("why").find("the gateway gives no answer"), std::string::npos);
}

/// The attack: end the supervisor while a program stands unanswered, and the end of its tracer lets
/// it go. So the kernel kills it.
TEST_F(Run, WhatStandsDiesWithItsSupervisor) {
    constexpr int kRounds = 20;
    for (int round = 0; round < kRounds; ++round) {
        auto [tree_ended, in_tree] = sys::make_pipe().take();
        const pid_t supervisor = ::fork();
        if (supervisor == 0) {
            ::dup2(in_tree.get(), STDOUT_FILENO);
            in_tree.reset();
            int touches = 0;
            FakeGateway gateway([&](const model::ActionRequest& request) {
                if (request.action.argv[0] == "/bin/touch" && ++touches == 2) {
                    ::kill(::getpid(), SIGKILL);
                }
                return ActionState::Granted;
            });
            (void)supervise(
                options({"sh", "-c", "/bin/touch marker; rm marker; /bin/touch marker"}),
                gateway.askers());
            ::_exit(0);
        }
        in_tree.reset();
        // End of file: nobody of the tree is left.
        ASSERT_TRUE(sys::read_to_end(tree_ended, 1024).ok());
        int status = 0;
        ASSERT_EQ(::waitpid(supervisor, &status, 0), supervisor);
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_FALSE(sys::file_status(workspace_ + "/marker").value().has_value());
    }
}

TEST_F(Run, WhatCannotBeAskedAboutLeavesALineForThePerson) {
    FakeGateway gateway(allow);
    shell(
        gateway,
        "i=0; while [ $i -lt 5000 ]; do export LD_$i=1; i=$((i + 1)); done; /bin/touch ran 2> why; "
        "echo $? > out; no-such-program; true");
    EXPECT_EQ(output(), "126\n");
    EXPECT_FALSE(sys::file_status(workspace_ + "/ran").value().has_value());
    ASSERT_EQ(gateway.refusals().size(), 1U) << "what does not exist is nothing to tell";
    EXPECT_NE(gateway.refusals()[0].find("environment"), std::string::npos);
    EXPECT_NE(output("why").find("environment"), std::string::npos);
}

TEST_F(Run, ScriptsCarryTheDigestOfTheirContent) {
    FakeGateway gateway(allow);
    ASSERT_TRUE(sys::write_new_file(workspace_ + "/s", "#!/bin/sh\necho $0 $1 > out\n", 0755).ok());
    shell(gateway, "./s arg");
    EXPECT_EQ(output(), "./s arg\n");
    const auto asked = gateway.asked();
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[1].request.action.program, workspace_ + "/s");
    EXPECT_EQ(asked[1].request.action.content.at(workspace_ + "/s"),
              crypto::sha256("#!/bin/sh\necho $0 $1 > out\n").text());
}

TEST_F(Run, TheHiddenIsEmptyAndTheWorkspaceIsWritable) {
    FakeGateway gateway(allow);
    shell(gateway,
          "cat " + hidden_ + "/key > out 2>&1; ls -A " + hidden_ + " >> out; echo end >> out");
    EXPECT_EQ(output().find("secret"), std::string::npos);
    EXPECT_TRUE(output().ends_with("end\n"));
}

TEST_F(Run, AHiddenFileInAHiddenDirectoryOfAWritablePlaceIsNoReasonToRefuse) {
    // The state of the gateway with its token, both to be hidden, below what the agent may write.
    RunOptions below =
        options({"sh", "-c", "cat " + hidden_ + "/key; ls -A " + hidden_ + " > out"});
    below.weakenings = {Weakening::writable(base_)};
    below.hidden = {hidden_, hidden_ + "/key"};
    FakeGateway gateway(allow);
    const auto report = supervise(below, gateway.askers());
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(output(), "");
}

TEST_F(Run, NothingOutsideOfWorkspaceAndTemporaryCanBeWritten) {
    FakeGateway gateway(allow);
    shell(gateway,
          "for f in /etc/x /usr/x /var/x /root/x /run/x; do (echo > $f) 2>/dev/null && echo $f >> "
          "out; "
          "done; echo a > /tmp/x && cat /tmp/x >> out; echo b > /dev/null; echo end >> out");
    EXPECT_EQ(output(), "a\nend\n");
    EXPECT_FALSE(sys::file_status("/tmp/x").value().has_value()) << "/tmp inside is its own";
}

TEST_F(Run, TheSessionReachesTheAgentAndNothingElseOfOurs) {
    ::setenv("COUNTERSIGN_STATE", "x", 1);
    ::setenv("SSH_AUTH_SOCK", "/x", 1);
    FakeGateway gateway(allow);
    shell(gateway, "env | grep -E '^(COUNTERSIGN|SSH_AUTH)' | sort > out");
    EXPECT_EQ(output(),
              "COUNTERSIGN_SESSION=cst_test\nCOUNTERSIGN_SOCKET=" + base_ + "/agent.sock\n");
    ::unsetenv("COUNTERSIGN_STATE");
    ::unsetenv("SSH_AUTH_SOCK");
}

TEST_F(Run, WithoutNetworkThereIsLoopbackOnly) {
    FakeGateway gateway(allow);
    RunOptions with =
        options({"sh", "-c", "ls /sys/class/net > out; cat /proc/net/dev | grep -c : >> out"});
    with.network = Network::None;
    ASSERT_TRUE(supervise(with, gateway.askers()).ok());
    EXPECT_TRUE(output().ends_with("1\n")) << output();
}

TEST_F(Run, ASignalToTheSupervisorReachesTheAgent) {
    FakeGateway gateway(allow);
    const pid_t self = ::getpid();
    std::thread sender([&] {
        while (!sys::file_status(workspace_ + "/ready").value().has_value()) {
            std::this_thread::yield();
        }
        ::kill(self, SIGTERM);
    });
    // The thread must not take the signal itself: it began before run() blocked it.
    const RunReport report =
        shell(gateway,
              "trap 'echo got > out; exit 3' TERM; : > ready; while :; do /bin/sleep 0.01; done");
    sender.join();
    EXPECT_EQ(report.exit_code, 3);
    EXPECT_EQ(output(), "got\n");
}

TEST_F(Run, TheTreeEndsWithTheAgent) {
    FakeGateway gateway(allow);
    shell(gateway,
          "(trap '' TERM HUP; exec 2>/dev/null; echo $$ > child; while :; do /bin/sleep 1; done) & "
          ": > out");
    // run() has returned: the namespace is gone, so nobody writes here any more.
    EXPECT_EQ(output(), "");
}

TEST_F(Run, TheWorkspaceMayNotBeEverythingNorInsideTheHidden) {
    FakeGateway gateway(allow);
    RunOptions wrong = options({"true"});
    wrong.workspace = "/";
    EXPECT_EQ(supervise(wrong, gateway.askers()).error().code, ErrorCode::InvalidArgument);
    wrong = options({"true"});
    wrong.hidden = {base_};
    EXPECT_EQ(supervise(wrong, gateway.askers()).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace countersign::jail

int main(int argc, char** argv) {
    // As the header of jail.h asks: threads of the test leave these to run().
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    return countersign::jail::testing::run_all(argc, argv);
}
