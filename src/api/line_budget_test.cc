#include "api/line_budget.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace countersign::api {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Duration kStart = std::chrono::hours(5);

std::uint64_t lines_of(LineBudget& budget, const Caller& caller, std::uint64_t times,
                       Duration now = kStart) {
    std::uint64_t lines = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        lines += budget.take(caller, now) == LineBudget::Verdict::Count ? 0U : 1U;
    }
    return lines;
}

Caller session(int number) {
    const std::string id = "s-" + std::to_string(number);
    return {id, id};
}

TEST(LineBudget, ACallerThatUsesItsLinesUpTakesNobodyElses) {
    LineBudget budget;
    EXPECT_EQ(lines_of(budget, session(1), 100'000), LineBudget::kLinesPerCaller);
    EXPECT_EQ(lines_of(budget, session(2), 1), 1U);
    EXPECT_EQ(lines_of(budget, {"the agent door", ""}, 1), 1U);
}

TEST(LineBudget, TheLastLineSaysThatItIsTheLast) {
    LineBudget budget;
    EXPECT_EQ(lines_of(budget, session(1), LineBudget::kLinesPerCaller - 1),
              LineBudget::kLinesPerCaller - 1);
    EXPECT_EQ(budget.take(session(1), kStart), LineBudget::Verdict::WriteLast);
    EXPECT_EQ(budget.take(session(1), kStart), LineBudget::Verdict::Count);
}

TEST(LineBudget, WhatWasDroppedIsToldWithItsNameWhenTheMinuteIsOver) {
    LineBudget budget;
    (void)lines_of(budget, session(1), 120);
    (void)lines_of(budget, session(2), 3);
    EXPECT_THAT(budget.ended(kStart + LineBudget::kMinute - std::chrono::nanoseconds(1)),
                IsEmpty());
    EXPECT_THAT(budget.ended(kStart + LineBudget::kMinute),
                ElementsAre("refusals of s-1 that were not written here: 100"));
    EXPECT_EQ(lines_of(budget, session(1), 120, kStart + LineBudget::kMinute),
              LineBudget::kLinesPerCaller);
    EXPECT_THAT(budget.end(), ElementsAre("refusals of s-1 that were not written here: 100"));
    EXPECT_THAT(budget.end(), IsEmpty());
}

// An agent delegates as many sessions as it likes, and a process has as many children.
TEST(LineBudget, AnAgentGetsNoMoreLinesByDelegating) {
    LineBudget budget;
    std::uint64_t lines = 0;
    for (int child = 0; child < 10'000; ++child) {
        lines += lines_of(budget, {"s-root", "s-" + std::to_string(child)}, 30);
    }
    EXPECT_EQ(lines, (LineBudget::kCallersPerGroup + 1) * LineBudget::kLinesPerCaller);
    EXPECT_EQ(lines_of(budget, session(1), 1), 1U);
    const auto told = budget.end();
    EXPECT_EQ(told.size(), LineBudget::kCallersPerGroup + 1);
    EXPECT_THAT(told, Contains(HasSubstr("refusals of others of s-root that")));
}

TEST(LineBudget, IsBoundedForAllTogetherAndCountsEach) {
    LineBudget budget;
    std::uint64_t lines = 0;
    for (int number = 0; number < 5'000; ++number) {
        lines += lines_of(budget, session(number), 25);
    }
    EXPECT_EQ(lines, (LineBudget::kCallersMax + 1) * LineBudget::kLinesPerCaller);
    const auto told = budget.end();
    EXPECT_EQ(told.size(), LineBudget::kCallersMax + 1);
    const std::uint64_t others = (5'000 - LineBudget::kCallersMax) * 25;
    EXPECT_EQ(told.back(), "refusals of other callers that were not written here: " +
                               std::to_string(others - LineBudget::kLinesPerCaller));
}

}  // namespace
}  // namespace countersign::api
