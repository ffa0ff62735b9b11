#include "gate/audit_index.h"

#include <gtest/gtest.h>

#include "gate/test_house.h"

namespace countersign::gate {
namespace {

/// Everything that the store derives from the log.
std::vector<std::string> derived(store::Store& store) {
    std::vector<std::string> out;
    auto transaction = store.begin(store::Access::Read, store::Durability::Written);
    EXPECT_TRUE(transaction.ok());
    const auto take = [&out](const store::Document& document) -> Result<void> {
        if (document.key.size() == 16 || document.key.starts_with("day:") ||
            document.key == "audit-index") {
            out.push_back(document.key + " " + document.value);
        }
        return {};
    };
    for (const auto collection : {store::Collection::AuditIndex, store::Collection::Meta}) {
        EXPECT_TRUE(store::for_each(**transaction, collection, {}, take).ok());
    }
    return out;
}

/// A day with a decision of each kind, votes, a freeze, an end.
void live_through(House& house) {
    house.enrol("ann");
    const auto grant = house.open_session();
    house.ask(grant.session, House::exec({"git", "status"}));
    const ActionEntry held = house.ask(grant.session, House::exec({"frobnicate", "\"quoted\""}));
    ASSERT_TRUE(house.vote(held, "ann").ok());
    house.clock.pass(std::chrono::hours(30));
    const auto second = house.open_session();
    house.ask(second.session, House::exec({"frobnicate"}));
    ASSERT_TRUE(house.gate->actions().freeze("bob", "panic").ok());
    ASSERT_TRUE(house.gate->actions().thaw("bob", "over").ok());
    house.gate->tick();
    ASSERT_TRUE(house.gate->search().days(2).ok());  // brings the index up to date
    ASSERT_EQ(house.gate->search().lag(), 0U);
}

void index_all(House& house) {
    for (int i = 0; i < 100 && house.gate->search().behind(); ++i) {
        house.gate->tick();
        house.store.wait_submitted();
    }
}

TEST(AuditIndex, AStoreThatFailsAnywhereWhileItIsMadeAnewIsMadeUpFor) {
    House house;
    live_through(house);
    const auto before = derived(house.store);
    const std::size_t start = house.store.calls();
    ASSERT_TRUE(house.gate->reindex().ok());
    index_all(house);
    const std::size_t calls = house.store.calls() - start;
    ASSERT_GT(calls, 20U);
    for (std::size_t call = 1; call <= calls; ++call) {
        house.store.fail_call(call);
        const bool begun = house.gate->reindex().ok();
        index_all(house);
        house.store.fail_call(0);
        EXPECT_TRUE(begun || derived(house.store) == before) << call << ": half forgotten";
        index_all(house);
        EXPECT_EQ(derived(house.store), before) << call;
    }
}

TEST(AuditIndex, MadeAnewUnderARunningGatewayItIsTheSame) {
    House house;
    live_through(house);
    const auto before = derived(house.store);
    house.gate->tick();  // something may be on its way to the store
    const auto records = house.gate->reindex();
    ASSERT_TRUE(records.ok()) << records.error().message;
    EXPECT_EQ(*records, house.log->size());
    EXPECT_EQ(house.gate->search().lag(), house.log->size());
    index_all(house);
    EXPECT_EQ(house.gate->search().lag(), 0U);
    EXPECT_EQ(derived(house.store), before);
}

TEST(AuditIndex, AReindexingThatTheStoreRefusesLeavesTheOldIndex) {
    House house;
    live_through(house);
    const auto before = derived(house.store);
    house.store.fail_call(1);
    EXPECT_FALSE(house.gate->reindex().ok());
    house.store.fail_call(0);
    EXPECT_EQ(derived(house.store), before);
    EXPECT_EQ(house.gate->search().lag(), 0U);
}

TEST(AuditIndex, AnIndexWhosePlaceIsDamagedIsMadeAnewAtTheStart) {
    House house;
    live_through(house);
    ASSERT_TRUE(store::put(house.store, store::Durability::Written, store::Collection::Meta,
                           "audit-index", "ten", {})
                    .ok());
    house.gate.reset();
    house.start();
    AuditQuery query;
    query.type = "freeze";
    const auto found = house.gate->search().find(query);
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->lines.size(), 1U);
    EXPECT_EQ(house.gate->search().lag(), 0U);
}

TEST(AuditIndex, AQuestionDoesNotWaitForAnIndexThatIsFarBehind) {
    House house;
    live_through(house);
    audit::SignInFailure body;
    body.door = "agent";
    for (std::uint64_t i = 0; i <= kCatchUpMax; ++i) {
        ASSERT_TRUE(house.log->append(audit::to_record(body)).ok());
    }
    ASSERT_TRUE(house.log->commit().ok());
    AuditQuery query;
    query.type = "freeze";
    const auto refused = house.gate->search().find(query);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
    EXPECT_FALSE(house.gate->search().days(1).ok());
    EXPECT_TRUE(house.gate->search().record(0).ok());
}

}  // namespace
}  // namespace countersign::gate
