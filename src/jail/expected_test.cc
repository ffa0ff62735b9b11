#include "jail/expected.h"

#include <gtest/gtest.h>

namespace countersign::jail {
namespace {

Call call_of(std::vector<std::string> argv) {
    Call call;
    call.argv = std::move(argv);
    return call;
}

Program program_of(std::uint64_t inode) {
    Program program;
    program.path = "/usr/bin/tool";
    program.directory = "/w";
    program.file.inode = inode;
    return program;
}

TEST(Expected, NothingIsAtFirst) {
    Expected expected;
    EXPECT_FALSE(expected.grant(call_of({"tool"}), program_of(1)));
}

TEST(Expected, TheSameWordsOfTheSameProgramInTheSamePlace) {
    Expected expected;
    expected.granted(call_of({"tool", "a"}), program_of(1));
    EXPECT_TRUE(expected.grant(call_of({"tool", "a"}), program_of(1)));
    EXPECT_FALSE(expected.grant(call_of({"tool", "b"}), program_of(1)));
    EXPECT_FALSE(expected.grant(call_of({"tool", "a"}), program_of(2)));
    Program elsewhere = program_of(1);
    elsewhere.directory = "/w/below";
    EXPECT_FALSE(expected.grant(call_of({"tool", "a"}), elsewhere));
    Program changed = program_of(1);
    changed.file.changed_ns = 1;
    EXPECT_FALSE(expected.grant(call_of({"tool", "a"}), changed));
}

TEST(Expected, WordsThatWereNotGrantedAtOnceAreNotExpected) {
    Expected expected;
    expected.granted(call_of({"tool"}), program_of(1));
    expected.not_granted(call_of({"tool"}), program_of(1));
    EXPECT_FALSE(expected.grant(call_of({"tool"}), program_of(1)));
}

TEST(Expected, AProgramThatWasGrantedOftenIsWithNewWordsUntilItWasNotOnce) {
    Expected expected;
    int starts = 0;
    while (!expected.grant(call_of({"cc", "next"}), program_of(1))) {
        ASSERT_LT(starts, 1000);
        expected.granted(call_of({"cc", std::to_string(starts++)}), program_of(1));
    }
    EXPECT_GE(starts, 32);
    EXPECT_FALSE(expected.grant(call_of({"cc", "next"}), program_of(2)));
    expected.not_granted(call_of({"cc", "--upload"}), program_of(1));
    EXPECT_FALSE(expected.grant(call_of({"cc", "next"}), program_of(1)));
    EXPECT_TRUE(expected.grant(call_of({"cc", "0"}), program_of(1)));
}

TEST(Expected, IsBounded) {
    Expected expected;
    constexpr std::uint64_t kMany = 40'000;
    for (std::uint64_t i = 0; i < kMany; ++i) {
        expected.granted(call_of({std::to_string(i)}), program_of(i));
    }
    EXPECT_TRUE(expected.grant(call_of({std::to_string(kMany - 1)}), program_of(kMany - 1)));
    EXPECT_FALSE(expected.grant(call_of({"0"}), program_of(0))) << "forgotten to make room";
}

}  // namespace
}  // namespace countersign::jail
