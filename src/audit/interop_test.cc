// The log and the votes as programs see them that we did not write in C++: tools/verify_log.py (an
// independent verifier) and the real ssh-keygen. And the log on a real disk, its writer killed.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/log.h"
#include "audit/verify.h"
#include "crypto/sshsig.h"
#include "sys/files.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"

namespace countersign::audit {
namespace {

namespace fs = std::filesystem;

class InteropTest : public testing::Test {
protected:
    void SetUp() override {
        directory_ =
            sys::make_temporary_directory(fs::temp_directory_path().string(), "audit-").take();
    }
    void TearDown() override { fs::remove_all(directory_); }
    std::unique_ptr<Log> open() {
        LogOptions options;
        options.directory = directory_ + "/log";
        options.origin = "test.example/log";
        options.segment_bytes = 20'000;
        if (!fs::exists(directory_ + "/key")) {
            std::ofstream(directory_ + "/key")
                << crypto::SigningKey::generate(random_).to_openssh("test", random_);
        }
        auto key =
            crypto::SigningKey::from_openssh(sys::read_file(directory_ + "/key", 100'000).take());
        auto log = Log::open(*files_, clock_, key.take(), options);
        EXPECT_TRUE(log.ok()) << (log.ok() ? "" : log.error().message);
        return log.ok() ? log.take() : nullptr;
    }
    int run(std::vector<std::string> argv, const std::string& input = "/dev/null") {
        const sys::Fd in = sys::open_read(input, sys::Links::Follow).take();
        sys::SpawnOptions options;
        options.argv = std::move(argv);
        options.input = in.get();
        auto process = sys::spawn(options);
        EXPECT_TRUE(process.ok()) << (process.ok() ? "" : process.error().message);
        return process.ok() ? process->wait()->shell_code() : -1;
    }
    int verify_with_python() {
        return run({"/usr/bin/env", "python3",
                    std::string(COUNTERSIGN_SOURCE_DIR) + "/tools/verify_log.py",
                    directory_ + "/log"});
    }
    VerifyReport verify() { return verify_log(*files_, directory_ + "/log", {}).take(); }

    std::string directory_;
    sys::RealClock clock_;
    sys::RealRandom random_;
    std::unique_ptr<Files> files_ = real_files();
};

TEST_F(InteropTest, PythonVerifiesWhatWeWroteAndFindsTheChange) {
    auto log = open();
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(
            log->append(to_record(Alert{"t", "s", "\xC3\xA9\x01 \" " + std::to_string(i)})).ok());
        if (i % 50 == 0) {
            ASSERT_TRUE(log->checkpoint().ok());
        }
    }
    ASSERT_TRUE(log->append(to_record(Alert{"t", "s", std::string(100'000, 'x')})).ok());
    ASSERT_TRUE(log->checkpoint().ok());
    EXPECT_EQ(verify_with_python(), 0);
    EXPECT_TRUE(verify().ok()) << report_text(verify());
    const std::string segment = directory_ + "/log/segments/00000000000000000000.jsonl";
    std::fstream(segment, std::ios::in | std::ios::out).seekp(1000) << "#";
    EXPECT_EQ(verify_with_python(), 1);
    EXPECT_FALSE(verify().ok());
}

TEST_F(InteropTest, SshKeygenVerifiesOurSignatureAndWeTheirs) {
    const auto key = crypto::SigningKey::generate(random_);
    const std::string name_space = "countersign-vote@v1";
    std::ofstream(directory_ + "/allowed")
        << "ann namespaces=\"" << name_space << "\" " << key.public_key().line() << "\n";
    std::ofstream(directory_ + "/text") << "statement";
    std::ofstream(directory_ + "/text.ours") << crypto::sshsig_sign(key, name_space, "statement");
    EXPECT_EQ(run({"/usr/bin/ssh-keygen", "-q", "-Y", "verify", "-f", directory_ + "/allowed", "-I",
                   "ann", "-n", name_space, "-s", directory_ + "/text.ours"},
                  directory_ + "/text"),
              0);
    ASSERT_TRUE(sys::write_new_file(directory_ + "/id", key.to_openssh("ann", random_)).ok());
    ASSERT_EQ(run({"/usr/bin/ssh-keygen", "-q", "-Y", "sign", "-f", directory_ + "/id", "-n",
                   name_space, directory_ + "/text"}),
              0);
    const auto theirs = sys::read_file(directory_ + "/text.sig", 10'000).take();
    EXPECT_TRUE(crypto::sshsig_verify(key.public_key(), theirs, name_space, "statement").ok());
}

/// Writes records for ever and tells through `out` the number of each one that is acknowledged.
[[noreturn]] void write_until_killed(Log& log, int out) {
    for (std::uint64_t i = 0;; ++i) {
        const auto position = log.append(to_record(Alert{"t", "s", std::to_string(i)}));
        const bool done = position.ok() && (i % 8 == 0 ? log.commit().ok() : log.flush().ok());
        if (!done || (i % 100 == 99 && !log.checkpoint().ok()) ||
            ::write(out, &position->seq, sizeof position->seq) != sizeof position->seq) {
            ::_exit(1);
        }
    }
}

TEST_F(InteropTest, WriterKilledAtRandomMomentsLosesNothingAcknowledged) {
    std::uint64_t acknowledged = 0;
    std::uint64_t rounds_with_records = 0;
    for (unsigned round = 0; round < 20; ++round) {
        auto [reader, writer] = sys::make_pipe().take();
        auto log = open();
        ASSERT_NE(log, nullptr);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            write_until_killed(*log, writer.get());
        }
        writer.reset();
        // The number of records that we wait for is what makes the moment random.
        std::uint64_t seq = 0;
        for (unsigned n = 0; n < 1 + (round * 37) % 300; ++n) {
            if (::read(reader.get(), &seq, sizeof seq) == sizeof seq) {
                acknowledged = seq + 1;
            }
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        while (::read(reader.get(), &seq, sizeof seq) == sizeof seq) {
            acknowledged = seq + 1;
        }
        log.reset();
        rounds_with_records += acknowledged > 0 ? 1 : 0;
        auto again = open();
        ASSERT_NE(again, nullptr) << "round " << round;
        EXPECT_GE(again->size(), acknowledged) << "round " << round;
        const auto report = verify();
        ASSERT_TRUE(report.ok()) << "round " << round << " " << report_text(report);
    }
    EXPECT_EQ(rounds_with_records, 20U);
    EXPECT_EQ(verify_with_python(), 0);
    std::printf("%llu records acknowledged in 20 killed runs\n",
                static_cast<unsigned long long>(acknowledged));
}

}  // namespace
}  // namespace countersign::audit
