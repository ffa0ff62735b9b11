#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace countersign {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

Result<std::unique_ptr<int>> half(int number) {
    if (number % 2 != 0) {
        return Error(ErrorCode::InvalidArgument, "odd number");
    }
    return std::make_unique<int>(number / 2);
}

Result<int> quarter(int number) {
    const std::unique_ptr<int> first = TRY(half(number));
    const std::unique_ptr<int> second = TRY(half(*first));
    return *second;
}

Result<void> check_even(int number) {
    TRY(half(number));
    return {};
}

TEST(Result, TryGivesTheValueOrLeavesWithTheError) {
    EXPECT_EQ(*quarter(12), 3);
    EXPECT_EQ(quarter(6).error().message, "odd number");
    EXPECT_TRUE(check_even(2).ok());
    EXPECT_EQ(check_even(3).error().code, ErrorCode::InvalidArgument);
}

TEST(Result, ContextStandsBeforeTheMessage) {
    Error error(ErrorCode::Io, "disk full", "free some space");
    const Error wider = std::move(error).with_context("audit log");
    EXPECT_EQ(wider.message, "audit log: disk full");
    EXPECT_EQ(wider.hint, "free some space");
}

TEST(ResultDeathTest, TheWrongSideIsACheck) {
    EXPECT_DEATH((void)half(1).take(), "broken invariant");
    EXPECT_DEATH((void)half(2).error(), "broken invariant");
}

TEST(Time, InstantsRoundTrip) {
    std::mt19937_64 random(20261124);
    for (int i = 0; i < 10'000; ++i) {
        const Instant instant{static_cast<std::int64_t>(random() % 253'402'300'799'000'000)};
        EXPECT_EQ(parse_instant(format_instant(instant)), instant) << format_instant(instant);
    }
    EXPECT_EQ(format_instant({1'795'497'746'000'001}), "2026-11-24T05:22:26.000001Z");
}

TEST(Time, OnlyOneSpellingOfAnInstant) {
    for (const char* bad : {"", "2026-11-24T05:22:26Z", "2026-11-24 05:22:26.000000Z",
                            "2026-13-24T05:22:26.000000Z", "2026-02-30T05:22:26.000000Z",
                            "2026-11-24T24:22:26.000000Z", "2026-11-24T05:22:26.000000z",
                            "2026-11-24T05:22:26.00000+Z", "1969-11-24T05:22:26.000000Z"}) {
        EXPECT_EQ(parse_instant(bad), std::nullopt) << bad;
    }
}

TEST(Time, Durations) {
    EXPECT_EQ(parse_duration("60s"), seconds(60));
    EXPECT_EQ(parse_duration("24h"), hours(24));
    EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
    for (const char* bad :
         {"", "s", "0s", "-1s", "1", "1.5s", "60 s", "60S", "99999999999999999999d"}) {
        EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
    }
    for (const Duration span :
         {Duration(seconds(60)), Duration(hours(36)), Duration(milliseconds(1))}) {
        EXPECT_EQ(parse_duration(format_duration(span)), span);
    }
    EXPECT_EQ(format_duration(seconds(90)), "90s");
    EXPECT_EQ(format_duration(Duration(1)), "1ms");
}

}  // namespace
}  // namespace countersign
