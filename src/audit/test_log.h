// A log on a disk in memory, for tests: fixed key, clock that stands still. Not thread safe.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "audit/log.h"
#include "audit/memory_files.h"
#include "audit/verify.h"
#include "base/test_world.h"

namespace countersign::audit {

using testing_world::HandClock;
using testing_world::SeededRandom;

inline crypto::SigningKey key_of(std::uint64_t seed) {
    SeededRandom random(seed);
    return crypto::SigningKey::generate(random);
}

inline Record alert(const std::string& message) {
    return to_record(Alert{"test", "subject", message});
}

class LogTest : public testing::Test {
protected:
    Result<std::unique_ptr<Log>> try_open(std::uint64_t segment_bytes = 2000) {
        LogOptions options;
        options.directory = "/log";
        options.origin = "test.example/log";
        options.segment_bytes = segment_bytes;
        return Log::open(files_, clock_, key_of(1), options);
    }
    std::unique_ptr<Log> open(std::uint64_t segment_bytes = 2000) {
        auto log = try_open(segment_bytes);
        EXPECT_TRUE(log.ok()) << (log.ok() ? "" : log.error().message);
        return log.ok() ? log.take() : nullptr;
    }
    VerifyReport verify(const std::string& known = {}) {
        VerifyOptions options;
        options.verifiers = {{"test.example/log", key_of(1).public_key()}};
        if (!known.empty()) {
            options.known_checkpoints = {known};
        }
        auto report = verify_log(files_, "/log", options);
        EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
        return report.ok() ? report.take() : VerifyReport{};
    }
    /// As somebody does who verified up to `checkpoint` before.
    VerifyReport verify_since(const std::string& checkpoint) {
        VerifyOptions options;
        options.verifiers = {{"test.example/log", key_of(1).public_key()}};
        options.since = checkpoint;
        auto report = verify_log(files_, "/log", options);
        EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
        return report.ok() ? report.take() : VerifyReport{};
    }
    void fill(Log& log, int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(log.append(alert("number " + std::to_string(i))).ok());
        }
        ASSERT_TRUE(log.commit().ok());
    }

    MemoryFiles files_;
    HandClock clock_;
};

}  // namespace countersign::audit
