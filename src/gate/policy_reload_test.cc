// The policy read again: the new one in force and recorded, or the old one and the reason.
#include <algorithm>
#include <gtest/gtest.h>

#include "gate/test_house.h"

namespace countersign::gate {
namespace {

constexpr std::string_view kStricter = R"(version = 1
[[rule]]
name = "no-ls"
verb = "deny"
reason = "a test"
argv = ["ls", "ls **"]
)";

std::string digest_in_force(const House& house) {
    return house.gate->rules().policy().digest();
}

std::size_t count(House& house, std::string_view type) {
    const auto types = house.record_types();
    return static_cast<std::size_t>(std::count(types.begin(), types.end(), type));
}

TEST(PolicyReload, NewPolicyDecidesFromTheNextActionOnAndBothDigestsAreRecorded) {
    House house;
    const auto grant = house.open_session();
    ASSERT_EQ(house.ask(grant.session, House::exec({"ls"})).state, ActionState::Granted);
    const std::string before = digest_in_force(house);
    house.policy_files.text = kStricter;
    const auto change = house.gate->people().reload_policy("ann");
    ASSERT_TRUE(change.ok()) << change.error().message;
    EXPECT_EQ(change->previous, before);
    EXPECT_NE(change->current, before);
    EXPECT_EQ(digest_in_force(house), change->current);
    const ActionEntry after = house.ask(grant.session, House::exec({"ls"}));
    EXPECT_EQ(after.state, ActionState::Denied);
    EXPECT_EQ(after.verdict.policy, change->current);
    const auto lines = house.log->read_range(0, 1000);
    ASSERT_TRUE(lines.ok());
    EXPECT_TRUE(std::any_of(lines->begin(), lines->end(), [&](const std::string& line) {
        return line.find("\"configuration\"") != std::string::npos &&
               line.find(change->current) != std::string::npos &&
               line.find("\"previous\":\"" + before) != std::string::npos;
    }));
    EXPECT_EQ(house.fault(), "");
}

TEST(PolicyReload, SameFilesChangeAndRecordNothing) {
    House house;
    const std::size_t before = house.record_types().size();
    const auto change = house.gate->people().reload_policy("ann");
    ASSERT_TRUE(change.ok());
    EXPECT_EQ(change->previous, change->current);
    EXPECT_EQ(house.record_types().size(), before);
}

TEST(PolicyReloadAttack, HalfWrittenFileKeepsTheOldPolicyAndSaysWhy) {
    House house;
    const std::string before = digest_in_force(house);
    house.policy_files.text = std::string(kStricter).substr(0, 60);
    const auto change = house.gate->people().reload_policy("ann");
    ASSERT_FALSE(change.ok());
    EXPECT_TRUE(change.error().message.starts_with("the old policy stays in force: "));
    EXPECT_NE(change.error().message.find("more.toml"), std::string::npos)
        << change.error().message;
    EXPECT_EQ(digest_in_force(house), before);
    house.gate->settle();
    EXPECT_EQ(count(house, "alert"), 1U);
    EXPECT_EQ(count(house, "configuration"), 0U);
}

TEST(PolicyReloadAttack, WhatCannotBeRecordedIsNotPutInForce) {
    House house;
    const std::string before = digest_in_force(house);
    house.policy_files.text = kStricter;
    house.files.fail_call(1, audit::MemoryFiles::Failure::Clean,
                          audit::MemoryFiles::Repeat::Sticky);
    EXPECT_FALSE(house.gate->people().reload_policy("ann").ok());
    EXPECT_EQ(digest_in_force(house), before);
}

TEST(PolicyReload, HeldActionKeepsWhatPeopleWereShown) {
    House house;
    house.enrol("ann");
    const auto grant = house.open_session();
    const ActionEntry held = house.ask(grant.session, House::exec({"frobnicate"}));
    ASSERT_EQ(held.state, ActionState::Pending);
    house.policy_files.text = kStricter;
    ASSERT_TRUE(house.gate->people().reload_policy("ann").ok());
    EXPECT_EQ(house.entry(held.id).verdict, held.verdict);
    ASSERT_TRUE(house.vote(held, "ann").ok());
    EXPECT_EQ(house.entry(held.id).state, ActionState::Granted);
}

}  // namespace
}  // namespace countersign::gate
