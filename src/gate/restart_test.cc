// What a gateway that was killed left behind is taken up by the next one.
#include <gtest/gtest.h>

#include "gate/test_house.h"

namespace countersign::gate {
namespace {

std::size_t found(House& house, const AuditQuery& query) {
    auto page = house.gate->search().find(query);
    EXPECT_TRUE(page.ok()) << page.error().message;
    return page.ok() ? page->lines.size() : 0;
}

// Actions that need nobody are written before their answer and indexed later: a kill in between
// leaves the index behind the log.
TEST(Restart, SearchableStoreIsCaughtUpFromTheLogAfterAKill) {
    House house;
    const auto grant = house.open_session();
    for (int i = 0; i < 40; ++i) {
        ASSERT_EQ(house.ask(grant.session, House::exec({"ls", std::to_string(i)})).state,
                  ActionState::Granted);
    }
    const std::size_t in_log = house.record_types().size();
    house.start();  // neither tick() nor stop() came before
    AuditQuery decisions;
    decisions.session = grant.session.id;
    decisions.type = "decision";
    EXPECT_EQ(found(house, decisions), 40U);
    AuditQuery one = decisions;
    one.text = "ls 39";
    EXPECT_EQ(found(house, one), 1U);
    const auto days = house.gate->search().days(1);
    ASSERT_TRUE(days.ok());
    EXPECT_EQ(days->begin()->second.actions, 40) << "and the report's numbers with it";
    EXPECT_GT(house.record_types().size(), in_log);
    EXPECT_EQ(house.fault(), "");
}

TEST(Restart, NothingIsIndexedTwice) {
    House house;
    const auto grant = house.open_session();
    house.ask(grant.session, House::exec({"ls"}));
    for (int i = 0; i < 5; ++i) {
        house.gate->tick();
        house.start();
    }
    AuditQuery query;
    query.session = grant.session.id;
    query.type = "decision";
    EXPECT_EQ(found(house, query), 1U);
    const auto days = house.gate->search().days(1);
    ASSERT_TRUE(days.ok());
    EXPECT_EQ(days->begin()->second.actions, 1);
}

}  // namespace
}  // namespace countersign::gate
