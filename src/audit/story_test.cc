// What verification knows of records that follow one another: each test is a story in which one
// thing is wrong, and the record that tells it must be named.
#include <gtest/gtest.h>

#include "audit/export.h"
#include "audit/receipt.h"
#include "audit/test_log.h"
#include "crypto/sshsig.h"

namespace countersign::audit {
namespace {

class StoryTest : public LogTest {
protected:
    void SetUp() override {
        log_ = open(1'000'000);
        model::Session session;
        session.id = "s-1";
        session.agent.type = "coding";
        session.principal = "ann";
        session.command = {"/usr/bin/agent"};
        session.started = clock_.now();
        session.expires = clock_.now().plus(std::chrono::hours(1));
        add(session_start_record(session));
        add(to_record(ApproverChange{ApproverChange::Change::Enrolled, "ann",
                                     key_of(2).public_key().line(), "ann"}));
    }
    std::uint64_t add(const Record& record) {
        auto position = log_->append(record);
        EXPECT_TRUE(position.ok());
        return position->seq;
    }
    std::uint64_t decide(model::Decision decision, ReleaseMode release, int approvals,
                         model::Tier tier = model::Tier::ReadOnly) {
        model::ActionRequest request;
        request.action.text = "rm -rf build";
        request.context.session = "s-1";
        request.context.directory = "/w";
        request.context.time = clock_.now();
        model::Verdict verdict;
        verdict.decision = decision;
        verdict.approvals = approvals;
        verdict.assessment.tier = tier;
        model::JudgedCommand command;
        command.argv = {"/usr/bin/make", "install"};
        verdict.assessment.commands.push_back(command);
        verdict.policy = crypto::sha256("policy").text();
        DecisionRecord record;
        record.action = "a-1";
        record.digest = crypto::sha256("a-1").text();
        record.request = &request;
        record.verdict = &verdict;
        record.release = release;
        record.decided_by = "policy";
        record.excluded = {"claude@host"};
        return add(to_record(record));
    }
    /// A program start that the gate let pass because of a-1.
    std::uint64_t start(const std::string& action, model::Tier tier, std::vector<std::string> argv,
                        const std::string& grant = "a-1",
                        model::ActionKind kind = model::ActionKind::Exec) {
        model::ActionRequest request;
        request.action.kind = kind;
        request.action.program = argv.front();
        request.action.argv = argv;
        request.context.session = "s-1";
        request.context.directory = "/w";
        request.context.time = clock_.now();
        request.context.within = grant;
        model::Verdict verdict;
        verdict.decision = model::Decision::Allow;
        verdict.assessment.tier = tier;
        model::JudgedCommand command;
        command.argv = {argv.begin(), argv.end()};
        verdict.assessment.commands.push_back(command);
        verdict.policy = crypto::sha256("policy").text();
        DecisionRecord record;
        record.action = action;
        record.digest = crypto::sha256(action).text();
        record.request = &request;
        record.verdict = &verdict;
        record.release = ReleaseMode::Now;
        record.decided_by = grant.starts_with("started by ") ? grant : "grant " + grant;
        return add(to_record(record));
    }
    /// `claimed`: the key that the record names, when not the one that signed.
    std::uint64_t vote(std::uint64_t key, const std::string& who, std::uint64_t claimed = 0) {
        model::Vote vote;
        vote.action = "a-1";
        vote.action_digest = crypto::sha256("a-1").text();
        vote.approver = who;
        vote.ballot = model::Ballot::Approve;
        vote.time = clock_.now();
        vote.signature =
            crypto::sshsig_sign(key_of(key), "countersign-vote@v1", model::vote_statement(vote));
        const auto named = claimed == 0 ? key : claimed;
        return add(vote_record(vote, key_of(named).public_key().line()));
    }
    std::uint64_t release(std::vector<std::string> approvers) {
        ReleaseRecord record;
        record.action = "a-1";
        record.digest = crypto::sha256("a-1").text();
        record.session = "s-1";
        record.decided_by = "people";
        record.approvers = std::move(approvers);
        return add(to_record(record));
    }
    std::uint64_t outcome() {
        model::Outcome outcome;
        outcome.exit_code = 0;
        return add(to_record(OutcomeRecord{"a-1", "s-1", &outcome}));
    }
    /// The number of the first bad record; UINT64_MAX: none.
    std::uint64_t first_bad() {
        EXPECT_TRUE(log_->commit().ok());
        const auto report = verify();
        if (report.fault) {
            std::printf("%s\n", report.fault->what.c_str());
        }
        return report.fault ? report.fault->seq : UINT64_MAX;
    }
    static constexpr std::uint64_t kNone = UINT64_MAX;

    std::unique_ptr<Log> log_;
};

TEST_F(StoryTest, TypedStartIsTheFirstOfItsSessionAndGrantsNothing) {
    start("a-0", model::Tier::SideEffect, {"/usr/bin/agent"}, "started by ann");
    EXPECT_EQ(first_bad(), kNone);
    const auto inner = start("a-1", model::Tier::ReadOnly, {"/usr/bin/ls"}, "a-0");
    EXPECT_EQ(first_bad(), inner);
}

TEST_F(StoryTest, TypedStartThatComesLaterIsFound) {
    start("a-0", model::Tier::ReadOnly, {"/usr/bin/agent"}, "started by ann");
    const auto again = start("a-1", model::Tier::ReadOnly, {"/usr/bin/agent"}, "started by ann");
    EXPECT_EQ(first_bad(), again);
}

TEST_F(StoryTest, TypedStartOfAnotherPersonIsFound) {
    const auto forged = start("a-0", model::Tier::ReadOnly, {"/usr/bin/agent"}, "started by bob");
    EXPECT_EQ(first_bad(), forged);
}

TEST_F(StoryTest, TypedStartThatTakesTwoPeopleIsFound) {
    const auto grave =
        start("a-0", model::Tier::Irreversible, {"/usr/bin/agent"}, "started by ann");
    EXPECT_EQ(first_bad(), grave);
}

TEST_F(StoryTest, AWholeStoryVerifiesAndGivesAReceipt) {
    const auto decision = decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    const auto voted = vote(2, "ann");
    const auto released = release({"ann"});
    const auto ended = outcome();
    EXPECT_EQ(first_bad(), kNone);
    const auto receipt = make_receipt(*log_, {decision, {voted, released, ended}});
    ASSERT_TRUE(receipt.ok()) << receipt.error().message;
    const std::vector<crypto::NoteVerifier> keys = {log_->verifier()};
    const auto summary = verify_receipt(receipt.value(), keys);
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    EXPECT_EQ(summary->state, "released");
    EXPECT_EQ(summary->approvers, std::vector<std::string>{"ann"});
    for (std::size_t i = 0; i < receipt->size(); ++i) {
        std::string changed = receipt.value();
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        EXPECT_FALSE(verify_receipt(changed, keys).ok()) << i;
    }
    EXPECT_FALSE(
        verify_receipt(receipt.value(), {{"test.example/log", key_of(9).public_key()}}).ok());
    EXPECT_FALSE(make_receipt(*log_, {voted, {}}).ok());
}

TEST_F(StoryTest, NoReceiptOfAReleaseWithoutItsVotes) {
    const auto decision = decide(model::Decision::StepUp, ReleaseMode::Held, 2);
    const auto voted = vote(2, "ann");
    const auto few = release({"ann"});
    EXPECT_FALSE(make_receipt(*log_, {decision, {voted, few}}).ok());
    const auto unvoted = release({"ann", "bob"});
    EXPECT_FALSE(make_receipt(*log_, {decision, {voted, unvoted}}).ok());
    EXPECT_FALSE(make_receipt(*log_, {decision, {few}}).ok());
    EXPECT_TRUE(make_receipt(*log_, {decision, {voted}}).ok());
}

TEST_F(StoryTest, AReceiptOfADeferredActionTellsItsLastDecision) {
    const auto deferred = decide(model::Decision::Defer, ReleaseMode::Held, 0);
    const auto decided = decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    const auto voted = vote(2, "ann");
    const auto released = release({"ann"});
    const auto receipt = make_receipt(*log_, {deferred, {decided, voted, released}});
    ASSERT_TRUE(receipt.ok()) << receipt.error().message;
    const auto summary = verify_receipt(receipt.value(), {log_->verifier()});
    EXPECT_EQ(summary->decision, "step_up");
    EXPECT_EQ(summary->seq, decided);
    EXPECT_FALSE(make_receipt(*log_, {voted, {released}}).ok());
}

TEST_F(StoryTest, ReleaseWithoutDecisionIsNamed) {
    EXPECT_EQ(release({"ann"}), 2U);
    EXPECT_EQ(first_bad(), 2U);
}
TEST_F(StoryTest, ReleaseWithTooFewVotesIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 2);
    vote(2, "ann");
    release({"ann", "ann"});
    EXPECT_EQ(first_bad(), 4U);
}
TEST_F(StoryTest, ReleaseByAPersonWhoDidNotVoteIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    release({"ann"});
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, VoteOfAStrangerIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    vote(5, "eve");
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, VoteWithAnotherKeyIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    vote(5, "ann");
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, SecondReleaseIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    vote(2, "ann");
    release({"ann"});
    release({"ann"});
    EXPECT_EQ(first_bad(), 5U);
}
TEST_F(StoryTest, OutcomeOfADeniedActionIsNamed) {
    decide(model::Decision::Deny, ReleaseMode::Never, 0);
    outcome();
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, ActionAfterTheSessionEndedIsNamed) {
    add(to_record(SessionEnd{"s-1", model::SessionState::Revoked, "ann", "incident"}));
    decide(model::Decision::Allow, ReleaseMode::Now, 0);
    EXPECT_EQ(first_bad(), 3U);
}

TEST_F(StoryTest, ActionAboveItsSessionsCeilingIsNamed) {
    EXPECT_EQ(decide(model::Decision::Allow, ReleaseMode::Now, 0, model::Tier::Forbidden), 2U);
    EXPECT_EQ(first_bad(), 2U);
}
TEST_F(StoryTest, ReleaseWhileFrozenIsNamed) {
    add(freeze_record({"ann", "strange"}));
    decide(model::Decision::Allow, ReleaseMode::Now, 0);
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, HeldWhileFrozenAndReleasedAfterTheThawVerifies) {
    add(freeze_record({"ann", "strange"}));
    decide(model::Decision::Defer, ReleaseMode::Held, 0);
    add(thaw_record({"ann", "explained"}));
    release({});
    EXPECT_EQ(first_bad(), kNone);
}
TEST_F(StoryTest, ReleaseOfAHeldActionWhileFrozenIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    vote(2, "ann");
    add(freeze_record({"ann", "strange"}));
    release({"ann"});
    EXPECT_EQ(first_bad(), 5U);
}
TEST_F(StoryTest, StartsWithinAReleasedActionVerify) {
    decide(model::Decision::Allow, ReleaseMode::Now, 0, model::Tier::IdempotentWrite);
    start("a-2", model::Tier::IdempotentWrite, {"/usr/bin/cp", "a", "b"});
    start("a-3", model::Tier::SideEffect, {"/usr/bin/make", "install"});
    start("a-4", model::Tier::SideEffect, {"bash", "-c", "rm -rf build"});
    outcome();
    EXPECT_EQ(first_bad(), kNone);
}
TEST_F(StoryTest, StartBeyondItsGrantIsNamed) {
    decide(model::Decision::Allow, ReleaseMode::Now, 0, model::Tier::IdempotentWrite);
    start("a-2", model::Tier::SideEffect, {"/usr/bin/make", "install", "more"});
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, StartUnderAGrantThatWasNeverReleasedIsNamed) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    start("a-2", model::Tier::ReadOnly, {"/usr/bin/make", "install"});
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, StartUnderAGrantThatIsOverIsNamed) {
    decide(model::Decision::Allow, ReleaseMode::Now, 0, model::Tier::SideEffect);
    outcome();
    start("a-2", model::Tier::ReadOnly, {"/usr/bin/ls"});
    EXPECT_EQ(first_bad(), 4U);
}
TEST_F(StoryTest, ToolCallUnderAGrantIsNamed) {
    decide(model::Decision::Allow, ReleaseMode::Now, 0, model::Tier::SideEffect);
    start("a-2", model::Tier::ReadOnly, {"/usr/bin/ls"}, "a-1", model::ActionKind::Command);
    EXPECT_EQ(first_bad(), 3U);
}
TEST_F(StoryTest, MembersThatATypeDoesNotHaveAreNamed) {
    add({RecordType::Freeze, R"({"by":"ann","extra":1,"reason":"r"})"});
    EXPECT_EQ(first_bad(), 2U);
}
TEST_F(StoryTest, AMissingMemberIsNamed) {
    add({RecordType::GatewayStop, R"({})"});
    EXPECT_EQ(first_bad(), 2U);
}

// --- Verified since a checkpoint ----------------------------------------------------------------

TEST_F(StoryTest, AReleaseStandsOnVotesBeforeTheCheckpointVerifiedSince) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    vote(2, "ann");
    const std::string since = log_->checkpoint().take();
    const std::uint64_t covered = log_->size();
    release({"ann"});
    outcome();
    ASSERT_TRUE(log_->checkpoint().ok());
    const auto report = verify_since(since);
    EXPECT_TRUE(report.ok()) << report_text(report);
    EXPECT_EQ(report.since, covered);
    EXPECT_EQ(report.records, covered + 2);
    EXPECT_EQ(report.checkpoints, 2U);
    EXPECT_EQ(report.by_type,
              (std::map<std::string, std::uint64_t>{{"outcome", 1}, {"release", 1}}));
    EXPECT_NE(report_text(report).find("since then 2"), std::string::npos);
    EXPECT_NE(report_json(report).find("\"since\":4"), std::string::npos);
}

TEST_F(StoryTest, WhatFollowsACheckpointIsJudgedByWhatStandsBeforeIt) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 2);
    vote(2, "ann");
    add(to_record(ApproverChange{ApproverChange::Change::Removed, "ann",
                                 key_of(2).public_key().line(), "ann"}));
    const std::string since = log_->checkpoint().take();
    const auto bad = release({"ann"});
    ASSERT_TRUE(log_->commit().ok());
    ASSERT_FALSE(verify_since(since).ok());
    EXPECT_EQ(verify_since(since).fault->seq, bad);
}

TEST_F(StoryTest, SignaturesBeforeTheCheckpointVerifiedSinceAreTaken) {
    decide(model::Decision::StepUp, ReleaseMode::Held, 1);
    const std::string early = log_->checkpoint().take();
    const auto forged = vote(3, "ann", 2);
    const std::string since = log_->checkpoint().take();
    EXPECT_EQ(first_bad(), forged);
    EXPECT_TRUE(verify_since(since).ok()) << report_text(verify_since(since));
    EXPECT_EQ(verify_since(early).fault->seq, forged);
}

TEST_F(StoryTest, ALogThatDoesNotExtendTheCheckpointVerifiedSinceIsFound) {
    const auto since_says = [this](const std::string& note) {
        const auto report = verify_since(note);
        return report.fault ? report.fault->what : std::string();
    };
    add(alert("one"));
    const std::string since = log_->checkpoint().take();
    const auto before = files_.contents();
    add(alert("two"));
    const std::string later = log_->checkpoint().take();
    EXPECT_EQ(since_says(since), "");
    // Signed by somebody else.
    const std::string text = since.substr(0, since.find("\n\n") + 1);
    EXPECT_NE(since_says(crypto::sign_note(text, "test.example/log", key_of(9)).take()), "");
    EXPECT_NE(since_says(""), "");
    // A record that it covers was changed.
    std::string& segment = files_.contents()["/log/segments/00000000000000000000.jsonl"];
    const std::string good = segment;
    segment.replace(segment.find("\"one\""), 5, "\"eno\"");
    EXPECT_NE(since_says(since).find("history was rewritten"), std::string::npos);
    segment = good;
    // All files put back to an older state: the later checkpoint is not reached.
    log_.reset();
    files_.contents() = before;
    EXPECT_NE(since_says(later).find("are missing"), std::string::npos);
    // The log rebuilt by somebody who holds the host's files and key.
    files_ = MemoryFiles();
    log_ = open(1'000'000);
    for (int i = 0; i < 5; ++i) {
        add(alert("nothing happened"));
    }
    ASSERT_TRUE(log_->checkpoint().ok());
    EXPECT_TRUE(verify().ok());
    EXPECT_NE(since_says(since).find("history was rewritten"), std::string::npos);
}

TEST_F(StoryTest, ExportGivesTheSessionsRecords) {
    decide(model::Decision::Allow, ReleaseMode::Now, 0);
    add(alert("not of the session"));
    ASSERT_TRUE(log_->commit().ok());
    std::string out;
    ExportOptions options;
    options.session = "s-1";
    const auto count =
        export_log(files_, "/log", options, [&](std::string_view line) -> Result<void> {
            out += line;
            return {};
        });
    ASSERT_TRUE(count.ok()) << count.error().message;
    EXPECT_EQ(count.value(), 2U);
    EXPECT_EQ(out.find("not of the session"), std::string::npos);
}

}  // namespace
}  // namespace countersign::audit
