// What changes while the store's thread writes is written again, and what it could not write too.
#include <gtest/gtest.h>

#include "gate/dirty_ids.h"
#include "gate/test_house.h"

namespace countersign::gate {
namespace {

TEST(DirtyIds, WhatChangedOnItsWayIsNotClean) {
    DirtyIds ids;
    ids.mark("a");
    ids.mark("b");
    ids.begin("a");
    ids.begin("b");
    EXPECT_TRUE(ids.waiting().empty());
    EXPECT_FALSE(ids.empty());
    ids.mark("a");
    EXPECT_EQ(ids.end(Written::Yes), DirtyIds::Ids({"b"}));
    EXPECT_TRUE(ids.contains("a"));
    EXPECT_FALSE(ids.contains("b"));
}

TEST(DirtyIds, WhatCouldNotBeWrittenWaitsAgain) {
    DirtyIds ids;
    ids.mark("a");
    ids.begin("a");
    EXPECT_TRUE(ids.end(Written::No).empty());
    EXPECT_TRUE(ids.waiting().contains("a"));
    ids.clear("a");
    EXPECT_TRUE(ids.empty());
}

TEST(StoreLag, AnOutcomeThatArrivesWhileItsReleaseIsBeingStoredIsStoredAfterIt) {
    House house;
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, House::exec({"git", "status"}));
    house.gate->tick();  // handed over as released; nobody has asked how it ended
    model::Outcome outcome;
    outcome.exit_code = 3;
    ASSERT_TRUE(house.gate->actions().report(grant.session, entry.id, outcome).ok());
    house.gate->settle();
    EXPECT_TRUE(house.gate->restless());
    house.gate->tick();
    house.gate->tick();
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Done) << "from the store";
    house.start();
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Done);
    EXPECT_EQ(house.entry(entry.id).outcome->exit_code, 3);
    EXPECT_EQ(house.fault(), "");
}

TEST(StoreLag, WhatTheStoreDidNotTakeIsHandedOverAgain) {
    House house;
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, House::exec({"git", "status"}));
    house.gate->tick();
    for (std::size_t n = 1; n <= 4; ++n) {
        const ActionEntry next = house.ask(grant.session, House::exec({"git", "diff"}));
        house.store.fail_call(n);
        house.gate->tick();  // fails there
        house.gate->tick();  // notices, and hands it over again
        house.gate->tick();
        const auto stored = store::get(house.store, store::Collection::Actions, next.id);
        ASSERT_TRUE(stored.ok());
        EXPECT_TRUE(stored->has_value()) << n;
    }
    EXPECT_TRUE(house.entry(entry.id).state == ActionState::Granted);
}

TEST(StoreLag, WhoListsSeesWhatIsOnItsWay) {
    House house;
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, House::exec({"git", "status"}));
    house.store.fail_call(1);
    house.gate->tick();  // the hand-over fails, and nobody has noticed
    Actions::Query query;
    query.session = grant.session.id;
    const auto listed = house.gate->actions().actions().list(query);
    ASSERT_TRUE(listed.ok()) << listed.error().message;
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().id, entry.id);
}

TEST(StoreLag, RecordsAreIndexedOnceWhoeverComesFirst) {
    House house;
    const auto grant = house.open_session();
    for (int i = 0; i < 5; ++i) {
        house.ask(grant.session, House::exec({"git", "status"}));
    }
    house.gate->tick();  // syncs
    house.gate->tick();  // hands the index over
    // A question comes before anybody noticed that it is written.
    const auto days = house.gate->search().days(1);
    ASSERT_TRUE(days.ok());
    ASSERT_EQ(days->size(), 1U);
    EXPECT_EQ(days->begin()->second.actions, 5);
    house.gate->tick();
    house.gate->tick();
    EXPECT_EQ(house.gate->search().days(1)->begin()->second.actions, 5);
    EXPECT_FALSE(house.gate->search().behind());
}

}  // namespace
}  // namespace countersign::gate
