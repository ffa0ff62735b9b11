#include "sys/background.h"

#include <atomic>
#include <gtest/gtest.h>
#include <latch>

namespace countersign::sys {
namespace {

TEST(Background, AJobRunsBesideAndItsResultIsTakenOnce) {
    Background background;
    EXPECT_FALSE(background.busy());
    EXPECT_FALSE(background.take().has_value());
    std::latch go(1);
    ASSERT_TRUE(background
                    .start([&]() -> Result<void> {
                        go.wait();
                        return Error(ErrorCode::Io, "as told");
                    })
                    .ok());
    EXPECT_TRUE(background.busy());
    EXPECT_FALSE(background.take().has_value()) << "it cannot have ended";
    EXPECT_EQ(background.start([]() -> Result<void> { return {}; }).error().code,
              ErrorCode::Conflict);
    go.count_down();
    background.wait();
    const auto result = background.take();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->error().message, "as told");
    EXPECT_FALSE(background.take().has_value());
    EXPECT_FALSE(background.busy());
}

TEST(Background, AResultNobodyTookKeepsTheNextJobOut) {
    Background background;
    ASSERT_TRUE(background.start([]() -> Result<void> { return {}; }).ok());
    background.wait();
    EXPECT_TRUE(background.busy());
    EXPECT_FALSE(background.start([]() -> Result<void> { return {}; }).ok());
    ASSERT_TRUE(background.take().has_value());
    EXPECT_TRUE(background.start([]() -> Result<void> { return {}; }).ok());
}

TEST(Background, TheEndWaitsForTheJobThatWasGiven) {
    std::atomic<bool> done = false;
    {
        Background background;
        ASSERT_TRUE(background
                        .start([&]() -> Result<void> {
                            done = true;
                            return {};
                        })
                        .ok());
    }
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace countersign::sys
