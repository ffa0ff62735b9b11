// Staged runs: what the tree did is seen, put back and carried over, exactly.
#include "jail/stage.h"

#include <chrono>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "house.h"
#include "jail/supervisor.h"
#include "jail/text_diff.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "tree_print.h"

namespace countersign::jail {
namespace {

using client::ActionState;
using testing::FakeGateway;
using testing::Times;
using testing::tree;

std::string listing(const std::vector<Change>& changes) {
    std::string out;
    for (const Change& change : changes) {
        if (change.kind != Change::Kind::Touched) {
            out += std::string(kChangeKindNames[static_cast<std::size_t>(change.kind)]) + " " +
                   change.path + (change.conflict ? " (conflict)" : "") + "\n";
        }
    }
    return out;
}

class StageTest : public testing::House {
protected:
    void SetUp() override {
        House::SetUp();
        // A workspace with something of everything.
        outside(
            "mkdir -p src/deep/er lib empty; echo one > a; echo two > b; echo three > src/c;"
            "echo d > src/deep/er/d; ln -s a link; ln a hard; ln -s nowhere dangling;"
            "head -c 3000000 /dev/zero | tr '\\0' x > big; echo run > tool; chmod 755 tool;"
            "echo closed > closed; chmod 400 closed; mkdir 'odd name'; echo x > 'odd name/\n';"
            "touch -d '2001-02-03 04:05:06.789' a src lib");
        ::setxattr((workspace_ + "/b").c_str(), "user.note", "kept", 4, 0);
    }
    void TearDown() override {
        outside("chmod -R u+rwx . 2>/dev/null");
        House::TearDown();
    }

    Stage create(StageKind kind = StageKind::Overlay) const {
        StageInfo info;
        info.session = "s-1";
        info.workspace = workspace_;
        info.kind = kind;
        auto stage = Stage::create(hidden_, info);
        EXPECT_TRUE(stage.ok()) << (stage.ok() ? "" : stage.error().message);
        return stage.take();
    }
    Stage open(Stage::Access access = Stage::Access::Change) const {
        auto stage = Stage::open(hidden_, "s-1", access);
        EXPECT_TRUE(stage.ok()) << (stage.ok() ? "" : stage.error().message);
        return stage.take();
    }
    /// By the agent, staged.
    int staged(const std::string& text) {
        FakeGateway gateway([](const auto&) { return ActionState::Granted; });
        const Stage stage = create();
        RunOptions with = options({"sh", "-c", text});
        with.stage = stage.directory();
        return run(gateway, with).exit_code;
    }
};

constexpr const char* kManyThings =
    "echo more >> a; rm b; mv src/c src/renamed; rm -r src/deep; mkdir -p new/dir; echo n > "
    "new/dir/f;"
    "chmod 700 tool; ln -sf b link; rm dangling; echo y >> big; mkfifo pipe; touch lib;"
    "rm -r 'odd name'; echo file > 'odd name'; rm -r empty; ln -s src empty; rm -f closed;"
    "mkdir src/deep; echo again > src/deep/other";

TEST_F(StageTest, TheWorkspaceItselfStaysAsItWas) {
    const std::string before = tree(workspace_);
    EXPECT_EQ(staged(std::string(kManyThings) + "; test -e src/renamed && test ! -e b"), 0);
    EXPECT_EQ(tree(workspace_), before);
}

TEST_F(StageTest, EveryKindOfChangeIsListed) {
    staged(kManyThings);
    EXPECT_EQ(listing(open().changes().take()),
              "modified a\ndeleted b\nmodified big\ndeleted closed\ndeleted dangling\n"
              "modified empty\nmodified link\ncreated new\ncreated new/dir\ncreated new/dir/f\n"
              "modified odd name\ndeleted odd name/\n\ncreated pipe\ndeleted src/c\n"
              "deleted src/deep/er\ndeleted src/deep/er/d\ncreated src/deep/other\n"
              "created src/renamed\nattributes tool\n");
}

TEST_F(StageTest, NothingChangedIsNothingListed) {
    staged("cat a b big > /dev/null; ls -R . > /dev/null; touch -d '2001-02-03 04:05:06.789' a");
    EXPECT_EQ(listing(open().changes().take()), "");
    auto stage = open();
    ASSERT_TRUE(stage.remove_if_empty().ok());
    EXPECT_FALSE(Stage::open(hidden_, "s-1", Stage::Access::Look).ok());
}

TEST_F(StageTest, UndoOfEverythingLeavesNothing) {
    const std::string before = tree(workspace_);
    staged(kManyThings);
    Stage stage = open();
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(listing(stage.changes().take()), "");
    EXPECT_EQ(tree(workspace_), before);
}

TEST_F(StageTest, UndoByPathLeavesTheRest) {
    staged(kManyThings);
    Stage stage = open();
    ASSERT_TRUE(stage.undo({"a", "b", "src", "odd name"}).ok());
    EXPECT_EQ(listing(stage.changes().take()),
              "modified big\ndeleted closed\ndeleted dangling\nmodified empty\nmodified link\n"
              "created new\ncreated new/dir\ncreated new/dir/f\ncreated pipe\nattributes tool\n");
}

TEST_F(StageTest, KeepingGivesWhatTheSameCommandsGiveOutside) {
    // `pipe` goes: a pipe of a run that is over means nothing.
    const std::string text = std::string(kManyThings) + "; rm pipe";
    const std::string copy = base_ + "/copy";
    outside("cp -a . " + copy);
    staged(text);
    Stage stage = open();
    const auto kept = stage.keep({});
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    EXPECT_EQ(listing(stage.changes().take()), "");
    ASSERT_TRUE(stage.remove_if_empty().ok());
    outside("cd " + copy + " && " + text);
    // Copying up ends the identity of hard links (documented); contents are compared.
    outside("cp --remove-destination hard h && mv h hard; cd " + copy +
            " && cp --remove-destination hard h && mv h hard; echo one > " + copy +
            "/hard; echo one > hard");
    EXPECT_EQ(tree(workspace_, Times::Left), tree(copy, Times::Left));
}

TEST_F(StageTest, KeepByPathTakesThatAndNoMore) {
    staged(kManyThings);
    Stage stage = open();
    ASSERT_TRUE(stage.keep({"new", "b"}).ok());
    EXPECT_EQ(sys::read_file(workspace_ + "/new/dir/f", 100).value(), "n\n");
    EXPECT_FALSE(sys::file_status(workspace_ + "/b").value().has_value());
    EXPECT_EQ(sys::read_file(workspace_ + "/a", 100).value(), "one\n");
    EXPECT_EQ(listing(stage.changes().take()).find("new"), std::string::npos);
    EXPECT_NE(listing(stage.changes().take()).find("modified a"), std::string::npos);
}

TEST_F(StageTest, PartOfADirectoryThatWentWholeIsNotTakenAlone) {
    staged("rm -r src");
    Stage stage = open();
    EXPECT_EQ(stage.keep({"src/deep/er/d"}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(stage.undo({"src/deep/er/d"}).error().code, ErrorCode::InvalidArgument);
    ASSERT_TRUE(stage.undo({"src"}).ok());
    EXPECT_EQ(listing(stage.changes().take()), "");
}

TEST_F(StageTest, WhatSomebodyElseChangedMeanwhileIsAConflictAndNotOverwritten) {
    staged("echo agent > a; echo agent > src/c; rm b; rm -r lib");
    outside("echo person > a; rm src/c; echo person >> b; echo person > lib/mine");
    Stage stage = open();
    EXPECT_EQ(listing(stage.changes().take()),
              "modified a (conflict)\ndeleted b (conflict)\ndeleted lib (conflict)\n"
              "deleted lib/mine (conflict)\ncreated src/c (conflict)\n");
    ASSERT_TRUE(stage.keep({}).ok());
    EXPECT_EQ(sys::read_file(workspace_ + "/lib/mine", 100).value(), "person\n");
    EXPECT_EQ(sys::read_file(workspace_ + "/a", 100).value(), "person\n");
    EXPECT_EQ(sys::read_file(workspace_ + "/b", 100).value(), "two\nperson\n");
    EXPECT_FALSE(sys::file_status(workspace_ + "/src/c").value().has_value());
}

TEST_F(StageTest, TheAgentSeesNothingOfTheStage) {
    staged("cat /proc/self/mountinfo | grep -c 'stages' > mounts; ls " + hidden_ +
           " > state 2>/dev/null; ls -a > names");
    Stage stage = open();
    ASSERT_TRUE(stage.keep({}).ok());
    EXPECT_EQ(sys::read_file(workspace_ + "/mounts", 100).value(), "0\n");
    EXPECT_EQ(sys::read_file(workspace_ + "/state", 100).value(), "");
    EXPECT_EQ(sys::read_file(workspace_ + "/names", 1000).value().find("countersign"),
              std::string::npos);
}

TEST_F(StageTest, WhileItRunsItCanBeLookedAtOnly) {
    const Stage running = create();
    EXPECT_TRUE(Stage::open(hidden_, "s-1", Stage::Access::Look).ok());
    EXPECT_EQ(Stage::open(hidden_, "s-1", Stage::Access::Change).error().code, ErrorCode::Conflict);
}

TEST_F(StageTest, AKilledSupervisorLeavesAUsableStage) {
    const std::string before = tree(workspace_);
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
        staged("echo half > a; rm b; : > ready; exec 2>/dev/null; while :; do /bin/sleep 1; done");
        ::_exit(0);
    }
    while (!sys::file_status(hidden_ + "/stages/s-1/upper/ready").value().has_value()) {
        std::this_thread::yield();
    }
    ::kill(supervisor, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(supervisor, &status, 0), supervisor);
    // Its lock went with it; the kernel ends the tree by itself.
    Stage stage = open();
    EXPECT_EQ(listing(stage.changes().take()), "modified a\ndeleted b\ncreated ready\n");
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(tree(workspace_), before);
}

/// Links that the agent leaves behind lead nowhere that undo or keep would write.
TEST_F(StageTest, symlink_in_place_of_a_directory) {
    const std::string victim = base_ + "/victim";
    ASSERT_TRUE(sys::make_directories(victim).ok());
    ASSERT_TRUE(sys::write_new_file(victim + "/c", "precious", 0644).ok());
    Stage stage = create(StageKind::Snapshot);
    ASSERT_TRUE(stage.save("src").ok());
    outside("rm -r src; ln -s " + victim + " src");
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(sys::read_file(victim + "/c", 100).value(), "precious");
    EXPECT_EQ(sys::read_file(workspace_ + "/src/c", 100).value(), "three\n");
    // Above what was saved as well: then it is refused.
    ASSERT_TRUE(stage.save("lib/inner/x").ok());
    outside("rm -r lib; ln -s " + victim + " lib; mkdir " + victim + "/inner");
    (void)stage.undo({});
    EXPECT_EQ(sys::read_file(victim + "/c", 100).value(), "precious");
    EXPECT_TRUE(sys::list_directory(victim + "/inner", 10).value().empty());
}

TEST_F(StageTest, ASnapshotPutsBackByteForByte) {
    const std::string before = tree(workspace_);
    Stage stage = create(StageKind::Snapshot);
    const auto saved = stage.save("");
    ASSERT_TRUE(saved.ok()) << saved.error().message;
    outside(kManyThings);
    EXPECT_NE(tree(workspace_), before);
    const auto undone = stage.undo({});
    ASSERT_TRUE(undone.ok()) << undone.error().message;
    EXPECT_EQ(tree(workspace_, Times::Shown), before);
}

TEST_F(StageTest, ASnapshotOfSomePathsPutsThoseBack) {
    Stage stage = create(StageKind::Snapshot);
    ASSERT_TRUE(stage.save("src/c").ok());
    ASSERT_TRUE(stage.save("not/there").ok());
    outside("rm -r src; mkdir not; echo new > not/there; echo more >> a");
    EXPECT_EQ(listing(stage.changes().take()), "created not/there\ndeleted src/c\n");
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(sys::read_file(workspace_ + "/src/c", 100).value(), "three\n");
    EXPECT_FALSE(sys::file_status(workspace_ + "/not/there").value().has_value());
    EXPECT_EQ(sys::read_file(workspace_ + "/a", 100).value(), "one\nmore\n");
    ASSERT_TRUE(stage.save("src/c").ok()) << "what is saved already stays as it was first";
}

TEST_F(StageTest, WhatWasSavedInPartsComesBackAsItWasFirst) {
    Stage stage = create(StageKind::Snapshot);
    ASSERT_TRUE(stage.save("src/c").ok());
    outside("echo changed > src/c");
    ASSERT_TRUE(stage.save("src").ok());
    outside("rm -r src");
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(sys::read_file(workspace_ + "/src/c", 100).value(), "three\n");
    EXPECT_EQ(sys::read_file(workspace_ + "/src/deep/er/d", 100).value(), "d\n");
}

TEST_F(StageTest, deep_directories) {
    // Deeper than descriptors and stacks last: refused when listed, and still removed.
    staged("i=0; while [ $i -lt 300 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done");
    Stage stage = open();
    EXPECT_EQ(stage.changes().error().code, ErrorCode::LimitExceeded);
    const sys::Fd upper = sys::open_directory(stage.upper()).take();
    ASSERT_TRUE(remove_entry(upper, "d").ok());
    EXPECT_EQ(listing(stage.changes().take()), "");
}

/// In memory, so that the bound is about our work and not about the disk of the day.
class InMemory : public StageTest {
protected:
    [[nodiscard]] std::string parent() const override { return "/dev/shm"; }
};

TEST_F(InMemory, TenThousandChangedFilesAreUndone) {
    outside(
        "mkdir many; cd many; for d in $(seq 100); do mkdir $d; for f in $(seq 100); do "
        "echo $d $f > $d/$f; done; done; chmod 600 */7; ln -s 1/1 link");
    const std::string before = tree(workspace_);
    Stage stage = create(StageKind::Snapshot);
    ASSERT_TRUE(stage.save("").ok());
    outside(
        "cd many; for d in $(seq 100); do for f in $(seq 100); do echo x >> $d/$f; done; done; "
        "rm -r 50; chmod 777 1/*");
    const auto begin = std::chrono::steady_clock::now();
    const auto undone = stage.undo({});
    const auto took = std::chrono::steady_clock::now() - begin;
    ASSERT_TRUE(undone.ok()) << undone.error().message;
    EXPECT_GE(undone->size(), 10'000U);
    EXPECT_EQ(tree(workspace_), before);
    std::printf("%zu changes undone in %.3f s\n", undone->size(),
                std::chrono::duration<double>(took).count());
}

/// Random work, staged and kept, gives what the same work gives directly; and a snapshot undoes it.
class RandomWork : public StageTest, public ::testing::WithParamInterface<unsigned> {
protected:
    static std::string script(unsigned seed) {
        std::mt19937 random(seed);
        const auto pick = [&](int n) {
            return std::to_string(random() % static_cast<unsigned>(n));
        };
        std::string out;
        for (int i = 0; i < 40; ++i) {
            const std::string a = "p" + pick(3) + "/q" + pick(3);
            const std::string b = "p" + pick(3) + "/q" + pick(3) + "/r" + pick(2);
            switch (random() % 9) {
                case 0:
                    out += "mkdir -p " + a + ";";
                    break;
                case 1:
                    out += "rm -rf p" + pick(3) + ";";
                    break;
                case 2:
                    out += "rm -rf " + a + ";";
                    break;
                case 3:
                    out += "[ -d " + a + " ] || { mkdir -p p0 p1 p2; echo " + pick(99) + " > " + a +
                           "; };";
                    break;
                case 4:
                    out += "mkdir -p ${x:-" + a + "} && echo " + pick(99) + " > " + b + ";";
                    break;
                case 5:
                    out += "mv " + a + " p" + pick(3) + "/q" + pick(3) + ";";
                    break;
                case 6:
                    out += "chmod " + std::string(random() % 2 == 0 ? "700 " : "755 ") + a + ";";
                    break;
                case 7:
                    out += "ln -sfn q" + pick(3) + " p" + pick(3) + "/s" + pick(2) + ";";
                    break;
                default:
                    out += "cp -r " + a + " p" + pick(3) + "/t" + pick(2) + ";";
                    break;
            }
        }
        return "exec 2>/dev/null; umask 022; " + out + ":";
    }
};

TEST_P(RandomWork, IsKeptAndUndoneExactly) {
    outside(script(GetParam() + 1000));
    const std::string text = script(GetParam());
    const std::string copy = base_ + "/copy";
    outside("cp -a . " + copy);
    const std::string before = tree(workspace_);
    staged(text);
    EXPECT_EQ(tree(workspace_), before);
    Stage stage = open();
    const std::string changes = listing(stage.changes().take());
    outside("cd " + copy + " && " + text);
    const auto kept = stage.keep({});
    ASSERT_TRUE(kept.ok()) << "seed " << GetParam() << ": " << kept.error().message << "\n" << text;
    EXPECT_EQ(tree(workspace_, Times::Left), tree(copy, Times::Left))
        << "seed " << GetParam() << "\n"
        << text << "\n"
        << changes;
    EXPECT_EQ(listing(stage.changes().take()), "") << "seed " << GetParam();
}

TEST_P(RandomWork, IsPutBackFromASnapshot) {
    outside(script(GetParam() + 1000));
    const std::string before = tree(workspace_);
    Stage stage = create(StageKind::Snapshot);
    ASSERT_TRUE(stage.save("").ok());
    outside(script(GetParam()));
    const auto undone = stage.undo({});
    ASSERT_TRUE(undone.ok()) << "seed " << GetParam() << ": " << undone.error().message;
    EXPECT_EQ(tree(workspace_), before) << "seed " << GetParam() << "\n" << script(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWork, ::testing::Range(0U, 24U));

TEST(TextDiff, ReadsAsDiffDoes) {
    EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
    EXPECT_EQ(unified_diff("", "x\n"), "@@ -0,0 +1 @@\n+x\n");
    EXPECT_EQ(unified_diff("x\n", ""), "@@ -1 +0,0 @@\n-x\n");
    EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\n5\n6\n7\nX\n"),
              "@@ -5,4 +5,4 @@\n 5\n 6\n 7\n-8\n+X\n");
    EXPECT_EQ(unified_diff("a", "b\n"), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n");
}

}  // namespace
}  // namespace countersign::jail

int main(int argc, char** argv) {
    return countersign::jail::testing::run_all(argc, argv);
}
