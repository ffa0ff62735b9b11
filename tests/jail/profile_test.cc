// What profiles change in a jail: reading, secrets, sockets, and that no weakening leads further
// than it says.
#include "jail/profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "house.h"
#include "sys/unix_socket.h"

namespace countersign::jail {
namespace {

using client::ActionState;
using testing::FakeGateway;

ActionState allow(const model::ActionRequest&) {
    return ActionState::Granted;
}

class Profiles : public testing::House {
protected:
    void SetUp() override {
        House::SetUp();
        // The person's home is the house's own directory.
        for (const char* directory : {"/.kube", "/.aws", "/project"}) {
            ASSERT_TRUE(sys::make_directories(base_ + directory).ok());
        }
        ASSERT_TRUE(sys::write_new_file(base_ + "/.kube/config", "kube-secret", 0644).ok());
        ASSERT_TRUE(sys::write_new_file(base_ + "/.aws/config", "aws-config", 0644).ok());
        ASSERT_TRUE(sys::write_new_file(base_ + "/.aws/credentials", "aws-secret", 0644).ok());
    }

    RunOptions with(const std::string& profile, const std::string& text) const {
        RunOptions out = options({"sh", "-c", text});
        const auto parsed = parse_profile("about x\n" + profile);
        EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
        apply(*parsed, out);
        out.weakenings = weakenings_of(*parsed, out.home);
        // A tree has a /tmp of its own, and this test's home lies there.
        out.weakenings.push_back(Weakening::writable(base_));
        return out;
    }
    std::string run_with(const std::string& profile, const std::string& text) const {
        FakeGateway gateway(allow);
        const auto report = supervise(with(profile, text), gateway.askers());
        return report.ok() ? content() : "(refused: " + report.error().message + ")";
    }
};

TEST_F(Profiles, AListOfReadablePlacesLeavesTheRestClosed) {
    // Of the distribution's package manager: there on every machine that this is built for.
    const std::string text =
        "head -c 8 /var/lib/dpkg/status > out 2>&1 || echo closed > out; "
        "ls /var/lib > list 2>&1 || echo no listing >> out";
    EXPECT_EQ(run_with("network none\nread everything\n", text), "Package:");
    const std::string system =
        "network none\nread /bin\nread /usr\nread /lib\nread /lib64\nread /etc\n";
    const std::string out = run_with(system, text);
    EXPECT_EQ(out.find("Package:"), std::string::npos);
    EXPECT_NE(out.find("closed"), std::string::npos) << out;
    EXPECT_NE(out.find("no listing"), std::string::npos) << out;
    EXPECT_EQ(run_with(system + "read /var/lib/dpkg\n", text), "Package:no listing\n");
}

TEST_F(Profiles, ThePrivatePlacesAreReadableWhateverTheListSays) {
    EXPECT_EQ(run_with("network none\nread /bin\nread /usr\nread /lib\nread /lib64\n",
                       "echo a > /tmp/a && cat /tmp/a > out; cat /proc/self/comm >> out; "
                       "head -c1 /dev/zero | wc -c >> out"),
              "a\ncat\n1\n");
}

TEST_F(Profiles, AShownSecretIsReadableAndStaysUnwritable) {
    const std::string text =
        "(cat ../.kube/config; cat ../.aws/credentials; "
        "echo > ../.kube/config; ls -A ../.aws) > out 2>/dev/null";
    EXPECT_EQ(run_with("network none\nread everything\n", text), "");
    EXPECT_EQ(run_with("network none\nread everything\nshow ~/.kube\n", text), "kube-secret");
    EXPECT_EQ(run_with("network none\nread everything\nshow ~/.aws/config\n", text), "config\n")
        << "part of a secret place leaves the rest of it hidden";
    EXPECT_EQ(sys::read_file(base_ + "/.kube/config", 100).take(), "kube-secret");
}

TEST_F(Profiles, NoWeakeningLeadsToTheGateway) {
    // Hidden from every tree, and below a place that a profile might want to show.
    RunOptions to_hidden = with("network none\nread everything\nshow ~/.kube\n", "true");
    to_hidden.hidden = {base_ + "/.kube/config"};
    FakeGateway gateway(allow);
    EXPECT_FALSE(supervise(to_hidden, gateway.askers()).ok());
    const sys::Fd listener = sys::listen_unix(hidden_ + "/operator.sock", 0600).take();
    EXPECT_NE(run_with("network none\nread everything\nsocket ~/hidden/operator.sock\n", "true")
                  .find("leads to the gateway"),
              std::string::npos);
}

TEST_F(Profiles, OnlySecretsAreShownAndOnlySocketsAreSockets) {
    EXPECT_NE(run_with("network none\nread everything\nshow ~/project\n", "true")
                  .find("none of the places that are hidden by default"),
              std::string::npos);
    EXPECT_NE(
        run_with("network none\nread everything\nsocket ~/.kube\n", "true").find("is no socket"),
        std::string::npos);
}

TEST_F(Profiles, WhatIsNotThereGivesNothing) {
    EXPECT_EQ(run_with("network none\nread everything\nshow ~/.azure\nsocket ~/none.sock\n",
                       "echo fine > out"),
              "fine\n");
}

TEST_F(Profiles, PrivatePlacesHaveTheirSize) {
    EXPECT_EQ(
        run_with("network none\nread everything\ntemporary 16MiB\n",
                 "for d in /tmp /var/tmp /dev/shm; do "
                 "head -c 20000000 /dev/zero > $d/x 2>/dev/null && echo filled $d; done > out; "
                 "echo end >> out"),
        "end\n");
}

TEST_F(Profiles, AJailThatIsWeakerThanItsRecordIsRefused) {
    RunOptions more = with("network none\nread everything\nshow ~/.kube\n", "true");
    const auto report = jail::run(more);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::Conflict);
}

}  // namespace
}  // namespace countersign::jail

int main(int argc, char** argv) {
    return countersign::jail::testing::run_all(argc, argv);
}
