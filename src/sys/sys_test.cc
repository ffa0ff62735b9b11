#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/confine.h"
#include "sys/features.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"
#include "sys/unix_socket.h"

namespace countersign::sys {
namespace {

class Sys : public ::testing::Test {
protected:
    void SetUp() override {
        directory_ = make_temporary_directory(temporary_directory(), "sys-test-").take();
    }
    void TearDown() override { (void)remove_tree(directory_); }
    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_ + "/" + name;
    }
    std::string directory_;
};

/// Runs `body` in a child and gives how it ended, so that a confinement does not reach the tests.
ExitStatus in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 0,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

TEST_F(Sys, AtomicWriteReplacesTheWholeFileAndKeepsItsModePrivate) {
    ASSERT_TRUE(write_file_atomic(path("a"), "one").ok());
    ASSERT_TRUE(write_file_atomic(path("a"), "two").ok());
    EXPECT_EQ(read_file(path("a"), 10).value(), "two");
    EXPECT_EQ((*file_status(path("a")).value()).mode, 0600U);
    EXPECT_EQ(list_directory(directory_, 10).value(), std::vector<std::string>{"a"});
}

TEST_F(Sys, AtomicWriteReplacesAPlantedLinkInsteadOfFollowingIt) {
    ASSERT_TRUE(write_new_file(path("victim"), "keep").ok());
    ASSERT_EQ(::symlink("victim", path("link").c_str()), 0);
    ASSERT_TRUE(write_file_atomic(path("link"), "new").ok());
    EXPECT_EQ(read_file(path("victim"), 10).value(), "keep");
    EXPECT_EQ(read_file(path("link"), 10, Links::Refuse).value(), "new");
}

TEST_F(Sys, ReadRefusesWhatIsTooLongAndWhatIsNoFile) {
    ASSERT_TRUE(write_new_file(path("a"), std::string(100, 'x')).ok());
    EXPECT_EQ(read_file(path("a"), 99).error().code, ErrorCode::LimitExceeded);
    EXPECT_TRUE(read_file(path("a"), 100).ok());
    EXPECT_EQ(read_file(directory_, 99).error().code, ErrorCode::InvalidArgument);
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_EQ(read_file(path("fifo"), 99).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(read_file(path("none"), 99).error().code, ErrorCode::NotFound);
    ASSERT_EQ(::symlink("a", path("link").c_str()), 0);
    EXPECT_EQ(read_file(path("link"), 100, Links::Refuse).error().code,
              ErrorCode::PermissionDenied);
}

TEST_F(Sys, NewFileMustBeNew) {
    ASSERT_TRUE(write_new_file(path("a"), "1").ok());
    EXPECT_EQ(write_new_file(path("a"), "2").error().code, ErrorCode::AlreadyExists);
}

TEST_F(Sys, PrivateDirectoryRefusesOneThatOthersCanWrite) {
    EXPECT_TRUE(make_private_directory(path("p/q")).ok());
    EXPECT_EQ((*file_status(path("p/q")).value()).mode, 0700U);
    ASSERT_EQ(::chmod(path("p/q").c_str(), 0777), 0);
    EXPECT_EQ(make_private_directory(path("p/q")).error().code, ErrorCode::PermissionDenied);
}

TEST_F(Sys, LockIsExclusiveAndEndsWithItsObject) {
    auto first = FileLock::acquire(path("lock"), FileLock::Wait::Try);
    ASSERT_TRUE(first.ok() && first.value().has_value());
    EXPECT_FALSE(FileLock::acquire(path("lock"), FileLock::Wait::Try).value().has_value());
    first.value().reset();
    EXPECT_TRUE(FileLock::acquire(path("lock"), FileLock::Wait::Try).value().has_value());
}

TEST_F(Sys, ReadAtTellsATruncatedFile) {
    ASSERT_TRUE(write_new_file(path("a"), "abcdef").ok());
    const Fd fd = open_read(path("a")).take();
    EXPECT_EQ(read_at(fd, 2, 3).value(), "cde");
    EXPECT_EQ(read_at(fd, 4, 3).error().code, ErrorCode::Corrupt);
}

TEST_F(Sys, SpawnGivesOutputStatusAndOnlyTheStandardDescriptors) {
    auto pipe = make_pipe().take();
    SpawnOptions options;
    options.argv = {"/bin/sh", "-c", "ls /proc/self/fd | tr '\\n' ' '; pwd; exit 3"};
    options.directory = directory_;
    options.output = pipe.second.get();
    auto child = spawn(options);
    ASSERT_TRUE(child.ok());
    pipe.second.reset();
    const std::string output = read_to_end(pipe.first, 4096).value();
    // 3 is the directory that ls itself has open.
    EXPECT_EQ(output, "0 1 2 3 " + directory_ + "\n");
    EXPECT_EQ(child->wait().value().code, 3);
}

TEST_F(Sys, SpawnReportsWhatExecSaid) {
    SpawnOptions options;
    options.argv = {path("absent")};
    EXPECT_EQ(spawn(options).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(write_new_file(path("plain"), "x").ok());
    options.argv = {path("plain")};
    EXPECT_EQ(spawn(options).error().code, ErrorCode::PermissionDenied);
}

TEST_F(Sys, WaitForGivesUpAndSignalEnds) {
    SpawnOptions options;
    options.argv = {"/bin/cat"};
    auto pipe = make_pipe().take();
    options.input = pipe.first.get();
    auto child = spawn(options).take();
    EXPECT_FALSE(child.wait_for(std::chrono::milliseconds(1)).value().has_value());
    ASSERT_TRUE(child.signal(SIGTERM).ok());
    EXPECT_EQ(child.wait().value().shell_code(), 128 + SIGTERM);
    EXPECT_TRUE(child.signal(SIGTERM).ok());
}

TEST_F(Sys, KillExactlySparesAProcessThatStartedAtAnotherTime) {
    SpawnOptions options;
    options.argv = {"/bin/cat"};
    auto pipe = make_pipe().take();
    options.input = pipe.first.get();
    auto child = spawn(options).take();
    const auto started = start_time(child.pid()).value();
    ASSERT_TRUE(kill_exactly(child.pid(), started + 1).ok());
    EXPECT_FALSE(child.wait_for(std::chrono::milliseconds(1)).value().has_value());
    ASSERT_TRUE(kill_exactly(child.pid(), started).ok());
    EXPECT_EQ(child.wait().value().signal, SIGKILL);
}

TEST_F(Sys, UnixSocketListensWithItsModeAndNamesItsPeer) {
    const std::string name = path("s");
    const Fd listener = listen_unix(name, 0600).take();
    EXPECT_EQ((*file_status(name).value()).mode, 0600U);
    const Fd client = connect_unix(name).take();
    const Fd server = accept_connection(listener).take();
    EXPECT_EQ(listen_unix(name, 0600).error().code, ErrorCode::AlreadyExists);
    EXPECT_EQ(peer_credentials(server).value().pid, ::getpid());
    ASSERT_TRUE(send_all(client, "hello", std::chrono::seconds(1)).ok());
    std::string received;
    EXPECT_TRUE(receive_some(server, received, std::chrono::seconds(1)).value());
    EXPECT_EQ(received, "hello");
    EXPECT_EQ(receive_some(server, received, std::chrono::milliseconds(1)).error().code,
              ErrorCode::TimedOut);
}

TEST_F(Sys, StaleSocketIsReplacedAndAForeignFileIsNot) {
    const std::string name = path("s");
    {
        const Fd gone = listen_unix(name, 0600).take();
    }
    EXPECT_EQ(connect_unix(name).error().code, ErrorCode::Unavailable);
    EXPECT_TRUE(listen_unix(name, 0600).ok());
    ASSERT_TRUE(write_new_file(path("f"), "x").ok());
    EXPECT_EQ(listen_unix(path("f"), 0600).error().code, ErrorCode::AlreadyExists);
    EXPECT_EQ(listen_unix(path(std::string(120, 'x')), 0600).error().code,
              ErrorCode::LimitExceeded);
}

TEST_F(Sys, AProcessThatForbadeProgramStartsDiesAtExec) {
    const ExitStatus status = in_child([] {
        if (!forbid_program_starts().ok()) {
            return 1;
        }
        if (::syscall(SYS_bpf, 0, nullptr, 0) != -1 || errno != EPERM) {
            return 2;
        }
        ::execl("/bin/true", "true", nullptr);
        return 3;
    });
    EXPECT_EQ(status.signal, SIGSYS);
}

TEST_F(Sys, RestrictedFilesAreWritableOnlyWhereAllowed) {
    ASSERT_GE(landlock_version(), 1) << "the tests need a kernel with Landlock";
    ASSERT_TRUE(make_private_directory(path("in")).ok());
    const ExitStatus status = in_child([this] {
        const std::vector<FileAccess> allowed = {{path("in"), FileAccess::Use::Write},
                                                 {path("absent"), FileAccess::Use::Write}};
        if (!restrict_files(allowed).ok()) {
            return 1;
        }
        if (!write_file_atomic(path("in/a"), "x").ok()) {
            return 2;
        }
        if (write_new_file(path("out"), "x").ok() || list_directory("/etc", 10000).ok()) {
            return 3;
        }
        return 0;
    });
    EXPECT_EQ(status.shell_code(), 0);
}

TEST_F(Sys, ProbeSeesThisKernel) {
    const KernelFeatures features = probe_kernel();
    EXPECT_TRUE(features.seccomp_filter);
    EXPECT_TRUE(features.seccomp_notification);
    EXPECT_TRUE(features.pid_file_descriptors);
#ifndef __SANITIZE_THREAD__
    // unshare(2) wants a process of one thread, and ThreadSanitizer brings one of its own.
    EXPECT_FALSE(::geteuid() == 0 && !features.user_namespaces);
#endif
}

TEST_F(Sys, ClockAndRandomAreAlive) {
    RealClock clock;
    EXPECT_GT(clock.now().microseconds, 1'700'000'000'000'000);
    const Duration before = clock.monotonic();
    EXPECT_GE(clock.monotonic(), before);
    RealRandom random;
    std::array<std::byte, 32> a{};
    std::array<std::byte, 32> b{};
    random.fill(a);
    random.fill(b);
    EXPECT_NE(a, b);
}

}  // namespace
}  // namespace countersign::sys
