// Undo of runs that write into the workspace itself: what was copied before, what was not, and what
// is left alone because somebody else changed it after the run.
#include "jail/saver.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "house.h"
#include "jail/stage.h"
#include "tree_print.h"

namespace countersign::jail {
namespace {

using client::ActionState;
using model::Effect;
using model::EffectKind;
using testing::FakeGateway;
using testing::tree;

Effect effect(EffectKind kind, const std::string& target) {
    Effect out;
    out.kind = kind;
    out.target = target;
    return out;
}

class SaverTest : public testing::House {
protected:
    void SetUp() override {
        House::SetUp();
        outside(
            "mkdir -p src/deep; echo one > a; echo two > b; echo three > src/c; echo d > "
            "src/deep/d; ln -s a link; ln a hard; chmod 750 src/deep/d;"
            "touch -d '2001-02-03 04:05:06.789' a src src/c");
        ::setxattr((workspace_ + "/b").c_str(), "user.note", "kept", 4, 0);
    }

    Stage create() const {
        StageInfo info;
        info.session = "s-1";
        info.workspace = workspace_;
        info.kind = StageKind::Snapshot;
        return Stage::create(hidden_, info).take();
    }
    /// A workspace that no copy of the whole workspace can hold.
    void make_too_large() const { outside("truncate -s 1G huge"); }
    /// `text` by the agent; the shell is said to do `effects`.
    void run_saved(Stage& stage, const std::string& text, std::vector<Effect> effects) {
        FakeGateway gateway([](const auto&) { return ActionState::Granted; });
        gateway.assess = [&](const model::ActionRequest& request) {
            model::Assessment out;
            if (request.action.argv.front() == "sh") {
                out.effects = effects;
            }
            return out;
        };
        RunOptions with = options({"sh", "-c", text});
        with.saves = &stage;
        run(gateway, with);
        ASSERT_TRUE(stage.end().ok());
    }
    static std::string paths(const std::vector<Change>& changes) {
        std::string out;
        for (const Change& change : changes) {
            if (change.kind != Change::Kind::Touched) {
                out += change.path + (change.conflict ? "! " : " ");
            }
        }
        return out;
    }
};

constexpr const char* kWork =
    "echo more >> a; rm -r src; echo new > created; chmod 600 b; rm link; ln -s b link";

TEST_F(SaverTest, AProgramThatNobodyCanForeseeIsUndoneByteForByte) {
    const std::string before = tree(workspace_);
    Stage stage = create();
    run_saved(stage, kWork, {effect(EffectKind::Execute, workspace_ + "/x")});
    EXPECT_NE(tree(workspace_), before);
    EXPECT_TRUE(stage.unsaved().value().empty());
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(tree(workspace_), before);
}

TEST_F(SaverTest, WhatOnlyReadsCopiesNothing) {
    Stage stage = create();
    run_saved(stage, "cat a > /dev/null", {effect(EffectKind::Read, workspace_ + "/a")});
    EXPECT_TRUE(sys::list_directory(stage.directory() + "/saved", 10).value().empty());
}

TEST_F(SaverTest, InALargeWorkspaceWhatTheEffectsNameIsSaved) {
    make_too_large();
    const std::string before = tree(workspace_ + "/src");
    Stage stage = create();
    run_saved(
        stage, "rm -r src; echo x > a; echo y > b",
        {effect(EffectKind::Delete, workspace_ + "/src"),
         effect(EffectKind::Write, workspace_ + "/a"), effect(EffectKind::Write, "/elsewhere/b")});
    EXPECT_TRUE(stage.unsaved().value().empty());
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(tree(workspace_ + "/src"), before);
    EXPECT_EQ(content("a"), "one\n");
    EXPECT_EQ(content("b"), "y\n") << "nothing said that it would be written";
}

TEST_F(SaverTest, WhatALargeWorkspaceLeavesOpenIsNoted) {
    make_too_large();
    Stage stage = create();
    run_saved(stage, "echo x > a", {effect(EffectKind::Unknown, "")});
    const auto notes = stage.unsaved().value();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes.front().action, "a-0");
    EXPECT_EQ(notes.front().program, "sh");
    EXPECT_NE(notes.front().why.find("too large"), std::string::npos) << notes.front().why;
}

TEST_F(SaverTest, PatternsSaveTheirDirectory) {
    make_too_large();
    Stage stage = create();
    run_saved(stage, "rm src/*", {effect(EffectKind::Delete, workspace_ + "/src/*")});
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(content("src/c"), "three\n");
}

/// The agent makes a name lead outside of the workspace before it "writes" below it.
TEST_F(SaverTest, links_out_of_the_workspace_are_not_copied) {
    make_too_large();
    outside("ln -s " + hidden_ + " out");
    ASSERT_TRUE(sys::write_new_file(hidden_ + "/key", "secret", 0600).ok());
    Stage stage = create();
    run_saved(stage, "true", {effect(EffectKind::Write, workspace_ + "/out/key")});
    EXPECT_TRUE(sys::list_directory(stage.directory() + "/saved", 10).value().empty());
}

TEST_F(SaverTest, WhatChangedAfterTheRunIsLeftUnlessItIsNamed) {
    Stage stage = create();
    run_saved(stage, "echo x >> a; echo x >> src/c; rm b", {effect(EffectKind::Unknown, "")});
    // A file system's clock may be a tick behind ours; only a later stamp is another's.
    while (!stage.changes().value().back().conflict) {
        outside("echo mine >> src/c");
    }
    EXPECT_EQ(paths(stage.changes().take()), "a b hard src/c! ");
    ASSERT_TRUE(stage.undo({}).ok());
    EXPECT_EQ(content("a"), "one\n");
    EXPECT_EQ(content("b"), "two\n") << "what is gone was gone when the run ended";
    EXPECT_NE(content("src/c").find("mine"), std::string::npos);
    ASSERT_TRUE(stage.undo({"src/c"}).ok());
    EXPECT_EQ(content("src/c"), "three\n");
}

TEST_F(SaverTest, OldSnapshotsGoAndStagedWorkStays) {
    for (const char* session : {"s-a", "s-b", "s-c", "s-d"}) {
        StageInfo info;
        info.session = session;
        info.workspace = workspace_;
        info.kind = session == std::string_view("s-a") ? StageKind::Overlay : StageKind::Snapshot;
        ASSERT_TRUE(Stage::create(hidden_, info).ok());
    }
    StageInfo info;
    info.session = "s-e";
    info.workspace = workspace_;
    info.kind = StageKind::Snapshot;
    const Stage running = Stage::create(hidden_, info).take();
    ASSERT_TRUE(Stage::retire_snapshots(hidden_, 2).ok());
    EXPECT_EQ(Stage::list(hidden_).value(), (std::vector<std::string>{"s-a", "s-d", "s-e"}));
}

}  // namespace
}  // namespace countersign::jail

int main(int argc, char** argv) {
    return countersign::jail::testing::run_all(argc, argv);
}
