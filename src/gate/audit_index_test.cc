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
    for (const auto collection : {store::Collection::AuditIndex, store::Collection::Meta}) {
        const auto take = [&](const store::Document& document) -> Result<void> {
            if (collection == store::Collection::AuditIndex || document.key.starts_with("day:") ||
                document.key == "audit-index") {
                out.push_back(document.key + " " + document.value);
            }
            return {};
        };
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
    const auto& search = house.gate->search();
    for (int i = 0; i < 100 && (search.behind() || search.anew()); ++i) {
        house.gate->tick();
        house.store.wait_submitted();
    }
    EXPECT_FALSE(search.behind() || search.anew());
}

/// More than one tick takes.
void fill(House& house, int records) {
    audit::SignInFailure body;
    body.door = "agent";
    body.who = "nobody";
    for (int i = 0; i < records; ++i) {
        ASSERT_TRUE(house.log->append(audit::to_record(body)).ok());
    }
    ASSERT_TRUE(house.log->commit().ok());
    index_all(house);
}

void damage(House& house, store::Collection collection, std::string_view key,
            std::string_view value) {
    ASSERT_TRUE(
        store::put(house.store, store::Durability::Written, collection, key, value, {}).ok());
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
        house.gate->tick();
        house.gate->tick();
        house.store.fail_call(0);
        EXPECT_EQ(derived(house.store), before) << call << ": half made";
        index_all(house);
        EXPECT_EQ(derived(house.store), before) << call << begun;
    }
}

TEST(AuditIndex, MadeAnewItServesAllTheWhile) {
    House house;
    live_through(house);
    fill(house, 3000);
    const auto before = derived(house.store);
    const auto records = house.gate->reindex();
    ASSERT_TRUE(records.ok()) << records.error().message;
    EXPECT_EQ(*records, house.log->size());
    AuditQuery query;
    query.type = "freeze";
    int pieces = 0;
    while (house.gate->search().anew() && pieces < 100) {
        EXPECT_EQ(derived(house.store), before) << pieces;
        EXPECT_EQ(house.gate->search().lag(), 0U);
        const auto found = house.gate->search().find(query);
        ASSERT_TRUE(found.ok()) << found.error().message;
        EXPECT_EQ(found->lines.size(), 1U);
        house.gate->tick();
        ++pieces;
    }
    EXPECT_GT(pieces, 5) << "no tick takes all of it";
    EXPECT_EQ(derived(house.store), before);
}

TEST(AuditIndex, WhatArrivesWhileItIsMadeAnewIsFoundAndCountedOnce) {
    House house;
    live_through(house);
    fill(house, 1500);
    ASSERT_TRUE(house.gate->reindex().ok());
    const auto grant = house.open_session();
    house.ask(grant.session, House::exec({"git", "status"}));
    house.gate->tick();
    house.ask(grant.session, House::exec({"git", "diff"}));
    const auto during = house.gate->search().days(1);
    ASSERT_TRUE(during.ok());
    index_all(house);
    EXPECT_EQ(house.gate->search().days(1).take(), *during);
    EXPECT_EQ(during->begin()->second.actions, 3);
    const auto after = derived(house.store);
    ASSERT_TRUE(house.gate->reindex().ok());
    index_all(house);
    EXPECT_EQ(derived(house.store), after);
}

TEST(AuditIndex, AKillBetweenPiecesLosesNothing) {
    for (int pieces = 0; pieces < 8; ++pieces) {
        House house;
        live_through(house);
        fill(house, 3000);
        const auto numbers = house.gate->search().days(2).take();
        ASSERT_TRUE(house.gate->reindex().ok());
        for (int i = 0; i < pieces; ++i) {
            house.gate->tick();
        }
        const auto reached = house.gate->search().anew();
        house.start();
        // The last piece may have been written without the gateway's knowing.
        EXPECT_GE(house.gate->search().anew().value_or(house.log->size()), reached.value_or(0));
        EXPECT_LE(house.gate->search().lag(), 1U) << "the record of the start";
        index_all(house);
        EXPECT_EQ(house.gate->search().days(2).take(), numbers) << pieces;
    }
}

TEST(AuditIndex, DamageGoesWhenItIsMadeAnew) {
    House house;
    live_through(house);
    const auto before = derived(house.store);
    damage(house, store::Collection::AuditIndex, index_key(2), "no index row");
    damage(house, store::Collection::AuditIndex, "0000000000000000z", "between");
    damage(house, store::Collection::AuditIndex, index_key(1U << 20U), "past the log");
    damage(house, store::Collection::Meta, "day:2001-01-01", "{}");
    ASSERT_TRUE(house.gate->reindex().ok());
    index_all(house);
    EXPECT_EQ(derived(house.store), before);
}

TEST(AuditIndex, ASecondWishBeginsOnceMore) {
    House house;
    live_through(house);
    fill(house, 1500);
    const auto before = derived(house.store);
    ASSERT_TRUE(house.gate->reindex().ok());
    house.gate->tick();  // something is on its way to the store
    ASSERT_TRUE(house.gate->reindex().ok());
    EXPECT_EQ(house.gate->search().anew(), 0U);
    index_all(house);
    EXPECT_EQ(derived(house.store), before);
}

TEST(AuditIndex, AReindexingThatTheStoreRefusesHasNotBegun) {
    House house;
    live_through(house);
    const auto before = derived(house.store);
    house.store.fail_call(1);
    EXPECT_FALSE(house.gate->reindex().ok());
    house.store.fail_call(0);
    EXPECT_EQ(derived(house.store), before);
    EXPECT_FALSE(house.gate->search().anew());
}

TEST(AuditIndex, AnIndexWhosePlaceIsDamagedIsMadeAnewAtTheStart) {
    for (const char* place : {"audit-index", "audit-index-anew"}) {
        House house;
        live_through(house);
        const auto numbers = house.gate->search().days(2).take();
        damage(house, store::Collection::Meta, place, "ten");
        house.gate.reset();
        house.start();
        EXPECT_TRUE(house.gate->search().anew()) << place;
        EXPECT_LE(house.gate->search().lag(), 1U) << "its rows tell how far it was";
        AuditQuery query;
        query.type = "freeze";
        const auto found = house.gate->search().find(query);
        ASSERT_TRUE(found.ok()) << found.error().message;
        EXPECT_EQ(found->lines.size(), 1U);
        index_all(house);
        EXPECT_EQ(house.gate->search().days(2).take(), numbers) << place;
    }
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
