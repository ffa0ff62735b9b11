// What the jail's tests share: a workspace and a hidden place of their own, the options of a run in
// it, and running everything as an ordinary user.
#pragma once

#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "fake_gateway.h"
#include "jail/supervisor.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"

namespace countersign::jail::testing {

class House : public ::testing::Test {
protected:
    void SetUp() override {
        base_ = sys::make_temporary_directory(parent(), "jail-test-").take();
        workspace_ = base_ + "/workspace";
        hidden_ = base_ + "/hidden";
        ASSERT_TRUE(sys::make_directories(workspace_).ok());
        ASSERT_TRUE(sys::make_private_directory(hidden_).ok());
    }
    void TearDown() override { (void)sys::remove_tree(base_); }
    [[nodiscard]] virtual std::string parent() const { return sys::temporary_directory(); }

    [[nodiscard]] RunOptions options(std::vector<std::string> argv) const {
        RunOptions out;
        out.argv = std::move(argv);
        out.directory = workspace_;
        out.workspace = workspace_;
        out.agent_socket = base_ + "/agent.sock";
        out.session_token = "cst_test";
        out.session_id = "s-1";
        out.home = base_;
        out.hidden = {hidden_};
        return out;
    }
    static RunReport run(FakeGateway& gateway, const RunOptions& options) {
        auto report = supervise(options, gateway.askers());
        EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
        return report.ok() ? report.value() : RunReport{};
    }
    RunReport shell(FakeGateway& gateway, const std::string& text) const {
        return run(gateway, options({"sh", "-c", text}));
    }
    /// By a shell outside of any jail, in the workspace.
    void outside(const std::string& text) const {
        sys::SpawnOptions options;
        options.argv = {"/bin/sh", "-c", text};
        options.directory = workspace_;
        auto process = sys::spawn(options);
        ASSERT_TRUE(process.ok());
        ASSERT_TRUE(process->wait().ok());
    }
    [[nodiscard]] std::string content(const std::string& name = "out") const {
        auto text = sys::read_file(workspace_ + "/" + name, 1 << 20);
        return text.ok() ? text.value() : "(none: " + text.error().message + ")";
    }

    std::string base_;
    std::string workspace_;
    std::string hidden_;
};

#ifdef COUNTERSIGN_VICTIMS_DIR
/// Programs are taken from here also after the test gave up its user: the build directory may be
/// closed to others.
inline int victims_directory() {
    static const int directory = ::open(COUNTERSIGN_VICTIMS_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return directory;
}
#endif

/// main() of every one of these programs. --as-nobody: the same as an ordinary user, when started
/// as root.
inline int run_all(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
#ifdef COUNTERSIGN_VICTIMS_DIR
    (void)victims_directory();
#endif
    // Directories in PATH that are closed to the user would give "permission denied" of their own.
    ::setenv("PATH", "/usr/bin:/bin", 1);
    if (argc > 1 && std::string_view(argv[1]) == "--as-nobody" && ::geteuid() == 0) {
        constexpr uid_t kNobody = 65534;
        if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
            ::setresuid(kNobody, kNobody, kNobody) != 0) {
            return 1;
        }
    }
    // Giving up the user made this process undumpable, and so its /proc files root's.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return RUN_ALL_TESTS();
}

}  // namespace countersign::jail::testing
