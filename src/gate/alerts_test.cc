// Alerts: what should be looked at is recorded once, and nobody can drown it.
#include "gate/alerts.h"

#include <gtest/gtest.h>

#include "gate/test_house.h"

namespace countersign::gate {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

ActionEntry entry_of(std::string session, ActionState state, model::Decision decision) {
    ActionEntry entry;
    entry.request.context.session = std::move(session);
    entry.state = state;
    entry.verdict.decision = decision;
    return entry;
}

ActionEntry denied(std::string session) {
    return entry_of(std::move(session), ActionState::Denied, model::Decision::Deny);
}

std::size_t times_of(const std::vector<std::string>& types, std::string_view type) {
    return static_cast<std::size_t>(std::count(types.begin(), types.end(), type));
}

TEST(Alerts, FiveDenialsWithinTenMinutesAreOneAlertPerWindow) {
    Alerts alerts;
    std::size_t raised = 0;
    for (int i = 0; i < 20; ++i) {
        raised += alerts.decided(denied("s-1"), seconds(i)).size();
    }
    EXPECT_EQ(raised, 1U);
    for (int i = 0; i < 5; ++i) {
        raised += alerts.decided(denied("s-1"), minutes(20) + seconds(i)).size();
    }
    EXPECT_EQ(raised, 2U) << "again after a quiet window";
}

TEST(Alerts, SlowDenialsAndOtherSessionsDoNotAddUp) {
    Alerts alerts;
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(alerts.decided(denied("s-1"), minutes(11 * i)).empty());
        EXPECT_TRUE(
            alerts.decided(denied("s-" + std::to_string(100 + i)), minutes(11 * i)).empty());
    }
}

TEST(Alerts, HeldActionThatAPersonDeniesCountsOnce) {
    Alerts alerts;
    std::size_t raised = 0;
    for (int i = 0; i < 4; ++i) {
        auto entry = entry_of("s-1", ActionState::Pending, model::Decision::StepUp);
        raised += alerts.decided(entry, seconds(i)).size();
        entry.state = ActionState::Denied;
        raised += alerts.decided(entry, seconds(i)).size();
    }
    EXPECT_EQ(raised, 0U);
    raised += alerts.decided(denied("s-1"), seconds(5)).size();
    EXPECT_EQ(raised, 1U);
}

TEST(Alerts, ThreeUnusualActionsAreASpike) {
    Alerts alerts;
    auto entry = entry_of("s-1", ActionState::Granted, model::Decision::Allow);
    entry.verdict.assessment.factors.push_back({"anomaly.surprise", kSurprisingPoints, "new"});
    EXPECT_TRUE(alerts.decided(entry, seconds(1)).empty());
    EXPECT_TRUE(alerts.decided(entry, seconds(2)).empty());
    const auto raised = alerts.decided(entry, seconds(3));
    ASSERT_EQ(raised.size(), 1U);
    EXPECT_EQ(raised[0].kind, "surprise_spike");
    EXPECT_EQ(raised[0].subject, "s-1");
}

TEST(Alerts, DayWithoutAQuestionIsToldOnceADay) {
    Alerts alerts;
    const auto entry = entry_of("s-1", ActionState::Granted, model::Decision::Allow);
    std::size_t raised = 0;
    for (int i = 0; i < 1000; ++i) {
        raised += alerts.decided(entry, seconds(i)).size();
    }
    EXPECT_EQ(raised, 1U);
    auto covered = entry;
    covered.decided_by = "grant a-1";
    Alerts other;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(other.decided(covered, seconds(i)).empty()) << "no actions of their own";
    }
}

TEST(AlertsAttack, InventedNamesNeitherGrowTheCountsNorEscapeThem) {
    Alerts alerts;
    std::size_t raised = 0;
    for (std::size_t i = 0; i < 3 * Alerts::kSubjectsMax; ++i) {
        raised += alerts.refused("vote", "mallory" + std::to_string(i), seconds(1)) ? 1U : 0U;
    }
    EXPECT_EQ(raised, 1U) << "those beyond the bound share one count";
}

TEST(AlertsAttack, GuesserOfTokensIsRecordedAsAnAlert) {
    House house;
    for (int i = 0; i < 30; ++i) {
        house.gate->refused_sign_in("agent", {}, "wrong credential");
    }
    house.gate->settle();
    EXPECT_EQ(times_of(house.record_types(), "alert"), 1U);
    EXPECT_EQ(house.fault(), "");
}

TEST(AlertsAttack, VotesWithAWrongKeyAreRecordedAsAnAlert) {
    House house;
    house.enrol("ann");
    house.enrol("bob");
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, House::exec({"frobnicate"}));
    for (int i = 0; i < 3; ++i) {
        auto vote = house.signed_vote(entry, "ann", model::Ballot::Approve);
        vote.approver = "bob";
        EXPECT_FALSE(house.gate->actions().vote(vote).ok());
    }
    EXPECT_EQ(times_of(house.record_types(), "alert"), 1U);
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Pending);
}

TEST(Alerts, RepeatedDenialsAreRecordedCountedAndShownToWatchers) {
    House house;
    house.gate->events().watch(true);
    const auto grant = house.open_session();
    for (int i = 0; i < 5; ++i) {
        house.ask(grant.session, House::exec({"countersign", "approve", std::to_string(i)}));
    }
    house.gate->settle();
    EXPECT_EQ(times_of(house.record_types(), "alert"), 1U);
    const auto events = house.gate->events().take();
    EXPECT_TRUE(std::any_of(events.begin(), events.end(), [&](const Event& event) {
        return event.type == "alert" && event.data.find(grant.session.id) != std::string::npos;
    }));
    const auto days = house.gate->search().days(1);
    ASSERT_TRUE(days.ok());
    EXPECT_EQ(days->begin()->second.alerts, 1);
}

}  // namespace
}  // namespace countersign::gate
