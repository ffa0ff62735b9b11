#include <algorithm>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "gate/test_house.h"

namespace countersign::gate {
namespace {

long count(const std::vector<std::string>& types, std::string_view type) {
    return std::count(types.begin(), types.end(), type);
}

/// A start that the default policy holds for people.
model::ActionRequest held_request() {
    return House::exec({"rm", "-rf", "/srv/data"});
}
/// One that it lets pass.
model::ActionRequest harmless_request() {
    return House::exec({"git", "status"});
}

TEST(Gate, LetsReadsPassAndRecordsThem) {
    House house;
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, harmless_request());
    EXPECT_EQ(entry.state, ActionState::Granted);
    EXPECT_EQ(entry.verdict.decision, model::Decision::Allow);
    EXPECT_EQ(count(house.record_types(), "decision"), 1);
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, ReleasesAfterEnoughDistinctVotesOnly) {
    House house;
    for (const char* name : {"ann", "bob", "cy"}) {
        house.enrol(name);
    }
    const auto grant = house.open_session();
    ActionEntry entry = house.ask(grant.session, held_request());
    ASSERT_EQ(entry.state, ActionState::Pending);
    const int people = entry.verdict.approvals;
    ASSERT_GE(people, 2);
    const std::vector<std::string> names = {"ann", "bob", "cy"};
    for (int i = 0; i < people; ++i) {
        ASSERT_EQ(house.entry(entry.id).state, ActionState::Pending);
        ASSERT_TRUE(house.vote(entry, names[static_cast<std::size_t>(i)]).ok());
    }
    entry = house.entry(entry.id);
    EXPECT_EQ(entry.state, ActionState::Granted);
    EXPECT_EQ(count(house.record_types(), "vote"), people);
    EXPECT_EQ(count(house.record_types(), "release"), 1);
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, SilenceIsDenial) {
    House house;
    house.enrol("ann");
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, held_request());
    house.clock.pass(std::chrono::minutes(2));
    house.gate->tick();
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Expired);
    EXPECT_EQ(house.vote(entry, "ann").error().code, ErrorCode::Conflict);
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, FreezeHoldsEverythingAndThawJudgesAgain) {
    House house;
    house.enrol("ann");
    house.enrol("bob");
    const auto grant = house.open_session();
    ASSERT_TRUE(house.gate->actions().freeze("ann", "panic").ok());
    const ActionEntry read = house.ask(grant.session, harmless_request());
    const ActionEntry removal = house.ask(grant.session, held_request());
    EXPECT_EQ(read.state, ActionState::Suspended);
    EXPECT_EQ(removal.state, ActionState::Suspended);
    ASSERT_TRUE(house.gate->actions().thaw("ann", "over").ok());
    EXPECT_EQ(house.entry(read.id).state, ActionState::Granted);
    EXPECT_EQ(house.entry(removal.id).state, ActionState::Pending);
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, VotesDuringAFreezeReleaseNothingUntilTheThaw) {
    House house;
    for (const char* name : {"ann", "bob", "cy"}) {
        house.enrol(name);
    }
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, held_request());
    ASSERT_TRUE(house.gate->actions().freeze("ann", "panic").ok());
    for (int i = 0; i < entry.verdict.approvals; ++i) {
        ASSERT_TRUE(house
                        .vote(entry, std::vector<std::string>{"ann", "bob",
                                                              "cy"}[static_cast<std::size_t>(i)])
                        .ok());
    }
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Pending);
    ASSERT_TRUE(house.gate->actions().thaw("ann", "over").ok());
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Granted);
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, RevocationKillsTheProcessThatWasNamedAndNoOtherWithItsNumber) {
    House house;
    house.machine.running = {{4711, 100}, {4712, 200}};
    const auto first = house.open_session(4711);
    const auto second = house.open_session(4712);
    house.machine.running[4712] = 999;  // the number went to a stranger
    ASSERT_TRUE(
        house.gate->close_session(first.session.id, model::SessionState::Revoked, "ann", "x").ok());
    ASSERT_TRUE(
        house.gate->close_session(second.session.id, model::SessionState::Revoked, "ann", "x")
            .ok());
    EXPECT_EQ(house.machine.killed, std::vector<int>{4711});
}

TEST(Gate, IncidentContainsAndExports) {
    House house;
    house.enrol("ann");
    house.machine.running = {{4711, 100}};
    const auto grant = house.open_session(4711);
    const ActionEntry entry = house.ask(grant.session, held_request());
    auto incident = house.gate->incidents().start({grant.session.id, false, "ann", "odd"});
    ASSERT_TRUE(incident.ok()) << incident.error().message;
    EXPECT_EQ(incident->killed, std::vector<int>{4711});
    EXPECT_EQ(incident->denied, std::vector<std::string>{entry.id});
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Denied);
    EXPECT_FALSE(house.gate->sessions().authenticate(grant.token).ok());
    for (const IncidentStep& step : incident->steps) {
        EXPECT_TRUE(step.ok) << step.name << ": " << step.detail;
    }
    EXPECT_TRUE(house.files.contents().contains(incident->bundle + "/records.jsonl"));
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, GrantCoversWhatGoesNoFurtherAndNothingElse) {
    House house;
    house.enrol("ann");
    const auto grant = house.open_session();
    ActionEntry outer = house.ask(grant.session, House::exec({"frobnicate"}));
    ASSERT_EQ(outer.state, ActionState::Pending);
    ASSERT_TRUE(house.vote(outer, "ann").ok());
    ASSERT_EQ(house.entry(outer.id).state, ActionState::Granted);
    auto inner = House::exec({"frobnicate-helper"});
    inner.context.within = outer.id;
    EXPECT_EQ(house.ask(grant.session, inner).decided_by, "grant " + outer.id);
    auto worse = held_request();
    worse.context.within = outer.id;
    EXPECT_EQ(house.ask(grant.session, worse).state, ActionState::Pending);
    const auto other = house.open_session();
    inner.context.within = outer.id;
    EXPECT_EQ(house.ask(other.session, inner).state, ActionState::Pending)
        << "another session's grant";
}

TEST(Gate, QueueOfOneSessionIsBoundedAndDenies) {
    House house;
    house.enrol("ann");
    const auto grant = house.open_session();
    for (std::size_t i = 0; i < limits::kPendingPerSessionMax; ++i) {
        ASSERT_EQ(house.ask(grant.session, House::exec({"frob", std::to_string(i)})).state,
                  ActionState::Pending);
    }
    EXPECT_EQ(house.ask(grant.session, House::exec({"frob", "last"})).state, ActionState::Denied);
    const auto other = house.open_session();
    EXPECT_EQ(house.ask(other.session, House::exec({"frob"})).state, ActionState::Pending);
}

// --- A hostile disk --------------------------------------------------------------------------

TEST(Gate, FullDiskReleasesNothingAndSaysWhy) {
    House house;
    const auto grant = house.open_session();
    house.files.fail_call(1, audit::MemoryFiles::Failure::ShortWrite,
                          audit::MemoryFiles::Repeat::Sticky);
    const ActionEntry entry = house.ask(grant.session, harmless_request());
    EXPECT_EQ(entry.state, ActionState::Denied);
    EXPECT_NE(entry.message.find("cannot be recorded"), std::string::npos) << entry.message;
    EXPECT_EQ(house.ask(grant.session, harmless_request()).state, ActionState::Denied);
    house.files.fail_call(0, audit::MemoryFiles::Failure::Clean);
    house.gate->tick();
    EXPECT_EQ(house.ask(grant.session, harmless_request()).state, ActionState::Granted);
    EXPECT_EQ(house.fault(), "");
}

TEST(Gate, FullDiskDuringAVoteReleasesNothingForEver) {
    House house;
    for (const char* name : {"ann", "bob", "cy"}) {
        house.enrol(name);
    }
    const auto grant = house.open_session();
    const ActionEntry entry = house.ask(grant.session, held_request());
    house.files.fail_call(1, audit::MemoryFiles::Failure::Clean,
                          audit::MemoryFiles::Repeat::Sticky);
    EXPECT_FALSE(house.vote(entry, "ann").ok());
    house.files.fail_call(0, audit::MemoryFiles::Failure::Clean);
    house.gate->tick();
    EXPECT_FALSE(house.vote(entry, "bob").ok());
    EXPECT_FALSE(house.vote(entry, "cy").ok());
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Denied);
    EXPECT_EQ(house.fault(), "");
}

/// One life of a gate with everything in it. Ends early where a call fails.
void live(House& house, std::vector<std::string>& granted) {
    const auto note = [&](const std::string& id) {
        const auto found = house.gate->actions().find(id);
        if (found.ok() && *found && (*found)->state == ActionState::Granted) {
            granted.push_back(id);
        }
    };
    model::SessionRequest request;
    request.agent.id = "robot";
    request.principal = "developer";
    request.host = "host";
    request.workspace = "/home/dev/project";
    request.home = "/home/dev";
    request.door = "api";
    auto grant = house.gate->sessions().open(request);
    if (!grant.ok()) {
        return;
    }
    auto first = house.gate->actions().submit(grant->session, harmless_request());
    auto second = house.gate->actions().submit(grant->session, held_request());
    house.gate->settle();
    if (first.ok()) {
        note(*first);
    }
    if (second.ok()) {
        const auto held = house.gate->actions().find(*second);
        for (const auto& [name, key] : house.keys) {
            if (held.ok() && *held) {
                auto voted = house.vote(**held, name);
            }
        }
        note(*second);
    }
    house.gate->tick();
    auto frozen = house.gate->actions().freeze("ann", "x");
    auto third = house.gate->actions().submit(grant->session, harmless_request());
    house.gate->settle();
    auto thawed = house.gate->actions().thaw("ann", "x");
    if (third.ok()) {
        note(*third);
    }
    auto closed =
        house.gate->close_session(grant->session.id, model::SessionState::Revoked, "ann", "x");
    house.gate->tick();
}

/// Whatever was released has its record, whatever failed.
void expect_recorded(House& house, const std::vector<std::string>& granted, std::size_t n) {
    house.files.fail_call(0, audit::MemoryFiles::Failure::Clean);
    house.store.fail_call(0);
    house.gate->tick();
    house.start();
    ASSERT_EQ(house.fault(), "") << "call " << n;
    auto lines = house.log->read_range(0, 10'000);
    ASSERT_TRUE(lines.ok());
    for (const std::string& id : granted) {
        EXPECT_TRUE(std::any_of(lines->begin(), lines->end(),
                                [&](const std::string& line) {
                                    return line.find("\"" + id + "\"") != std::string::npos;
                                }))
            << id << " was released without a record, call " << n;
    }
}

void enrol_three(House& house) {
    for (const char* name : {"ann", "bob", "cy"}) {
        house.enrol(name);
    }
}

TEST(Gate, FailingEachDiskCallInTurnLosesNoRecordOfARelease) {
    House whole;
    enrol_three(whole);
    const std::size_t before = whole.files.calls();
    std::vector<std::string> all;
    live(whole, all);
    ASSERT_EQ(all.size(), 3U);
    const std::size_t calls = whole.files.calls() - before;
    ASSERT_GT(calls, 10U);
    using Failure = audit::MemoryFiles::Failure;
    for (const Failure failure : {Failure::Clean, Failure::ShortWrite, Failure::SilentLoss}) {
        for (std::size_t n = 1; n <= calls; ++n) {
            House house;
            enrol_three(house);
            house.files.fail_call(n, failure);
            std::vector<std::string> granted;
            live(house, granted);
            expect_recorded(house, granted, n);
        }
    }
}

TEST(Gate, FailingEachStoreCallInTurnLosesNoRecordOfARelease) {
    House whole;
    enrol_three(whole);
    const std::size_t before = whole.store.calls();
    std::vector<std::string> all;
    live(whole, all);
    const std::size_t calls = whole.store.calls() - before;
    ASSERT_GT(calls, 10U);
    for (std::size_t n = 1; n <= calls; ++n) {
        House house;
        enrol_three(house);
        house.store.fail_call(n);
        std::vector<std::string> granted;
        live(house, granted);
        expect_recorded(house, granted, n);
    }
}

}  // namespace
}  // namespace countersign::gate
