// What a person types behind `countersign run --` starts without a question, and what an agent
// would try to make of that.
#include "gate/opening.h"

#include <gtest/gtest.h>

#include "gate/test_house.h"

namespace countersign::gate {
namespace {

using model::Decision;

const std::vector<std::string> kTyped = {"frobnicate", "--now"};

model::SessionRequest typed_session(std::vector<std::string> command) {
    model::SessionRequest request;
    request.agent.id = "robot";
    request.principal = "developer";
    request.door = "run";
    request.host = "host";
    request.workspace = "/home/dev/project";
    request.home = "/home/dev";
    request.contained = true;
    request.command = std::move(command);
    request.directory = "/home/dev/project";
    return request;
}

model::SessionGrant open(House& house, std::vector<std::string> command = kTyped) {
    auto grant = house.gate->sessions().open(typed_session(std::move(command)));
    EXPECT_TRUE(grant.ok()) << grant.error().message;
    return grant.take();
}

std::shared_ptr<const policy::Policy> policy_with(std::string text) {
    auto loaded =
        policy::Policy::load({policy::Policy::builtin_source(), {"more.toml", std::move(text)}});
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return std::make_shared<const policy::Policy>(loaded.take());
}

TEST(Opening, WhatThePersonTypedStartsWithoutAQuestionAndIsRecordedAsTheirs) {
    House house;
    const auto grant = open(house);
    const ActionEntry entry = house.ask(grant.session, House::exec(kTyped));
    EXPECT_EQ(entry.state, ActionState::Granted);
    EXPECT_EQ(entry.verdict.decision, Decision::Allow);
    EXPECT_EQ(entry.decided_by, "started by developer");
    EXPECT_EQ(grant.session.command, kTyped);
    EXPECT_EQ(house.fault(), "");
}

TEST(Opening, SessionWithoutATypedCommandAsks) {
    House house;
    const auto grant = open(house, {});
    EXPECT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(Opening, TypedSecretsAreNeitherStoredNorRecorded) {
    House house;
    const auto grant = open(house, {"frobnicate", "--password", "hunter2hunter2"});
    EXPECT_EQ(house.ask(grant.session, House::exec({"frobnicate", "--password", "hunter2hunter2"}))
                  .decided_by,
              "started by developer");
    const auto stored = house.gate->sessions().find(grant.session.id);
    ASSERT_TRUE(stored.ok() && *stored);
    EXPECT_NE((*stored)->command.back(), "hunter2hunter2");
    const auto lines = house.log->read_range(0, 1000);
    ASSERT_TRUE(lines.ok());
    for (const std::string& line : *lines) {
        EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
    }
}

TEST(OpeningAttack, AgentRepeatsTheTypedCommand) {
    House house;
    const auto grant = open(house);
    ASSERT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Granted);
    EXPECT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Pending)
        << "as by the token, without within";
}

TEST(OpeningAttack, AgentRepeatsTheTypedCommandFromInside) {
    House house;
    const auto grant = open(house);
    const ActionEntry first = house.ask(grant.session, House::exec(kTyped));
    auto again = House::exec(kTyped);
    again.context.within = first.id;
    EXPECT_EQ(house.ask(grant.session, again).state, ActionState::Pending);
}

TEST(OpeningAttack, StartedAgentUsesItsStartAsAGrant) {
    House house;
    const auto grant = open(house);
    const ActionEntry first = house.ask(grant.session, House::exec(kTyped));
    auto other = House::exec({"frobnicate-helper"});
    other.context.within = first.id;
    EXPECT_EQ(house.ask(grant.session, other).state, ActionState::Pending);
    house.gate->tick();
    house.start();
    EXPECT_EQ(house.ask(grant.session, other).state, ActionState::Pending)
        << "nor after a restart, when the start is only in the store";
}

TEST(OpeningAttack, AnotherActionComesFirst) {
    House house;
    const auto grant = open(house);
    house.ask(grant.session, House::exec({"ls"}));
    EXPECT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(OpeningAttack, AnotherProgramDirectoryOrWordPretendsToBeIt) {
    House house;
    auto moved = House::exec(kTyped);
    moved.context.directory = "/home/dev/project/below";
    EXPECT_EQ(house.ask(open(house).session, moved).state, ActionState::Pending);
    EXPECT_EQ(house.ask(open(house).session, House::exec({"frobnicate"})).state,
              ActionState::Pending);
    EXPECT_EQ(house.ask(open(house).session, House::exec({"frobnicate", "--now", "x"})).state,
              ActionState::Pending);
    EXPECT_EQ(house.ask(open(house).session, House::exec({"frobnicate --now"})).state,
              ActionState::Pending)
        << "words may not run together";
    model::ActionRequest text;
    text.action.text = "frobnicate --now";
    text.context.directory = "/home/dev/project";
    EXPECT_EQ(house.ask(open(house).session, text).state, ActionState::Pending)
        << "a shell line is no start";
}

TEST(OpeningAttack, DelegatedChildTakesTheParentsOpening) {
    House house;
    const auto parent = open(house);
    session::DelegationRequest request;
    request.agent.id = "child";
    auto child = house.gate->sessions().delegate(parent.session, request);
    ASSERT_TRUE(child.ok());
    EXPECT_TRUE(child->session.command.empty());
    EXPECT_EQ(house.ask(child->session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(OpeningAttack, SecondSessionTakesTheFirstOnesOpening) {
    House house;
    open(house);
    const auto other = open(house, {});
    EXPECT_EQ(house.ask(other.session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(OpeningAttack, ForbiddenStaysForbiddenWhoeverTypesIt) {
    House house;
    const std::vector<std::string> forbidden = {"countersign", "approve", "a-1"};
    const auto grant = open(house, forbidden);
    EXPECT_EQ(house.ask(grant.session, House::exec(forbidden)).state, ActionState::Denied);
}

TEST(OpeningAttack, IrreversibleStillNeedsASecondPerson) {
    House house;
    house.enrol("ann");
    const std::vector<std::string> grave = {"rm", "-rf", "/srv/data"};
    const auto grant = open(house, grave);
    const ActionEntry entry = house.ask(grant.session, House::exec(grave));
    EXPECT_EQ(entry.state, ActionState::Pending);
    EXPECT_GE(entry.verdict.approvals, 2);
}

TEST(OpeningAttack, SessionMayNotExceedItsCeilingByTyping) {
    House house;
    auto request = typed_session({"kill", "4711"});
    request.ceiling = model::Tier::ReadOnly;
    auto grant = house.gate->sessions().open(request);
    ASSERT_TRUE(grant.ok());
    EXPECT_EQ(house.ask(grant->session, House::exec({"kill", "4711"})).state, ActionState::Denied);
}

TEST(OpeningAttack, OpeningIsKeptForLater) {
    House house;
    const auto grant = open(house);
    house.clock.pass(std::chrono::seconds(61));
    EXPECT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(OpeningAttack, OpeningDoesNotOutliveTheGateway) {
    House house;
    const auto grant = open(house);
    house.start();
    EXPECT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(Opening, WherePrincipalsDoNotCountTypingDoesNotEither) {
    House house;
    house.policy = policy_with("version = 1\nprincipal_counts = false\n");
    house.start();
    const auto grant = open(house);
    EXPECT_EQ(house.ask(grant.session, House::exec(kTyped)).state, ActionState::Pending);
}

TEST(Opening, FreezeHoldsItAndThawLetsItStart) {
    House house;
    ASSERT_TRUE(house.gate->actions().freeze("ann", "panic").ok());
    const auto grant = open(house);
    const ActionEntry entry = house.ask(grant.session, House::exec(kTyped));
    EXPECT_EQ(entry.state, ActionState::Suspended);
    ASSERT_TRUE(house.gate->actions().thaw("ann", "over").ok());
    EXPECT_EQ(house.entry(entry.id).state, ActionState::Granted);
}

TEST(Opening, OverlongCommandsAndCrookedDirectoriesOpenNoSession) {
    House house;
    EXPECT_FALSE(house.gate->sessions().open(typed_session({std::string(9 * 1024, 'a')})).ok());
    auto crooked = typed_session(kTyped);
    crooked.directory = "/home/dev/project/../..";
    EXPECT_FALSE(house.gate->sessions().open(crooked).ok());
}

}  // namespace
}  // namespace countersign::gate
