#include <gtest/gtest.h>
#include <map>

#include "approval/approvals.h"
#include "approval/approvers.h"
#include "base/limits.h"
#include "base/test_world.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/sshsig.h"
#include "store/memory.h"

namespace countersign::approval {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class ApprovalsTest : public testing::Test {
protected:
    void SetUp() override {
        restart();
        for (const char* name : {"ann", "bob", "cy"}) {
            auto key = crypto::SigningKey::generate(random_);
            ASSERT_TRUE(approvers_->enrol(name, key.public_key().line(name)).ok());
            keys_.emplace(name, std::move(key));
        }
    }
    void restart() {
        approvals_.reset();
        approvers_.reset();
        auto approvers = Approvers::open(store_, clock_);
        ASSERT_TRUE(approvers.ok()) << approvers.error().message;
        approvers_ = approvers.take();
        auto approvals = Approvals::open(store_, clock_, *approvers_);
        ASSERT_TRUE(approvals.ok()) << approvals.error().message;
        approvals_ = approvals.take();
    }
    static std::string digest(const std::string& text) { return crypto::sha256(text).text(); }
    ConsentRequest request(const std::string& action, int approvals = 2) {
        ConsentRequest out;
        out.action = action;
        out.action_digest = digest(action);
        out.session = "s-1";
        out.excluded = {"claude@host", "s-1"};
        out.approvals = approvals;
        return out;
    }
    void ask(const std::string& action, int approvals = 2) {
        const auto consent = approvals_->request(request(action, approvals));
        ASSERT_TRUE(consent.ok()) << consent.error().message;
    }
    model::Vote signed_vote(const std::string& who, const std::string& action,
                            model::Ballot ballot = model::Ballot::Approve) {
        model::Vote vote;
        vote.action = action;
        vote.action_digest = digest(action);
        vote.approver = who;
        vote.ballot = ballot;
        vote.time = clock_.now();
        return sign(who, vote);
    }
    model::Vote sign(const std::string& who, model::Vote vote) {
        vote.signature.clear();
        vote.signature = crypto::sshsig_sign(keys_.at(who), kVoteNamespace, vote_statement(vote));
        return vote;
    }
    std::string state(const std::string& action) {
        const auto consent = approvals_->find(action).take();
        return consent ? std::string(consent_state_name(consent->state)) : "none";
    }
    /// The error of a vote that must be refused; state and count must not change.
    ErrorCode refused(const model::Vote& vote) {
        const auto before = approvals_->find(vote.action).take();
        const auto result = approvals_->vote(vote);
        EXPECT_EQ(approvals_->find(vote.action).take(), before);
        EXPECT_FALSE(result.ok());
        return result.ok() ? ErrorCode::Internal : result.error().code;
    }

    store::MemoryStore store_;
    testing_world::HandClock clock_;
    testing_world::SeededRandom random_;
    std::map<std::string, crypto::SigningKey> keys_;
    std::unique_ptr<Approvers> approvers_;
    std::unique_ptr<Approvals> approvals_;
};

TEST_F(ApprovalsTest, TwoDistinctPeopleGrantAndConsentIsUsedOnce) {
    ask("a-1");
    EXPECT_EQ(approvals_->vote(signed_vote("ann", "a-1"))->votes_for(), 1);
    EXPECT_EQ(state("a-1"), "pending");
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::Conflict);
    EXPECT_TRUE(approvals_->vote(signed_vote("bob", "a-1")).ok());
    EXPECT_EQ(state("a-1"), "granted");
    EXPECT_TRUE(approvals_->use("a-1", digest("a-1")).ok());
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::Conflict);
    restart();
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::Conflict);
    EXPECT_EQ(state("a-1"), "used");
}

TEST_F(ApprovalsTest, TheSamePersonTwiceIsOnePerson) {
    ask("a-1");
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    EXPECT_EQ(refused(signed_vote("ann", "a-1")), ErrorCode::Conflict);
    clock_.pass(seconds(1));
    EXPECT_EQ(refused(signed_vote("ann", "a-1")), ErrorCode::Conflict);
}

TEST_F(ApprovalsTest, OneDenialDeniesAtOnce) {
    ask("a-1");
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    const auto denied = approvals_->vote(signed_vote("bob", "a-1", model::Ballot::Deny));
    EXPECT_EQ(denied->state, ConsentState::Denied);
    EXPECT_EQ(denied->reason, "bob denied it");
    EXPECT_EQ(refused(signed_vote("cy", "a-1")), ErrorCode::Conflict);
    restart();
    EXPECT_EQ(state("a-1"), "denied");
}

TEST_F(ApprovalsTest, WhoApprovedCanStillDenyEvenAfterTheGrant) {
    ask("a-1");
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    ASSERT_TRUE(approvals_->vote(signed_vote("bob", "a-1")).ok());
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1", model::Ballot::Deny)).ok());
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::Conflict);
}

TEST_F(ApprovalsTest, ReplayedVoteIsRefused) {
    ask("a-1");
    const auto vote = signed_vote("ann", "a-1");
    ASSERT_TRUE(approvals_->vote(vote).ok());
    EXPECT_EQ(refused(vote), ErrorCode::Conflict);
    restart();
    EXPECT_EQ(refused(vote), ErrorCode::Conflict);
}

TEST_F(ApprovalsTest, VoteForAnotherActionIsRefused) {
    ask("a-1");
    ask("a-2");
    auto vote = signed_vote("ann", "a-1");
    vote.action = "a-2";
    EXPECT_EQ(refused(vote), ErrorCode::Conflict) << "the digest is another";
    vote.action_digest = digest("a-2");
    EXPECT_EQ(refused(vote), ErrorCode::PermissionDenied) << "the signature is over another text";
    auto old_text = signed_vote("ann", "a-1");
    old_text.action_digest = digest("a harmless command");
    EXPECT_EQ(refused(sign("ann", old_text)), ErrorCode::Conflict);
}

TEST_F(ApprovalsTest, ChangedBallotCommentTimeOrNameBreaksTheSignature) {
    ask("a-1");
    auto vote = signed_vote("ann", "a-1", model::Ballot::Deny);
    vote.ballot = model::Ballot::Approve;
    EXPECT_EQ(refused(vote), ErrorCode::PermissionDenied);
    vote = signed_vote("ann", "a-1");
    vote.comment = "looks fine";
    EXPECT_EQ(refused(vote), ErrorCode::PermissionDenied);
    vote = signed_vote("ann", "a-1");
    vote.time = vote.time.plus(seconds(1));
    EXPECT_EQ(refused(vote), ErrorCode::PermissionDenied);
    vote = signed_vote("ann", "a-1");
    vote.approver = "bob";
    EXPECT_EQ(refused(vote), ErrorCode::PermissionDenied);
}

TEST_F(ApprovalsTest, SignatureOfAnotherPurposeIsNoVote) {
    ask("a-1");
    auto vote = signed_vote("ann", "a-1");
    vote.signature.clear();
    vote.signature = crypto::sshsig_sign(keys_.at("ann"), "git", vote_statement(vote));
    EXPECT_EQ(refused(vote), ErrorCode::PermissionDenied);
}

TEST_F(ApprovalsTest, TheRequesterAndItsChainNeverCountInWhateverCase) {
    auto asked = request("a-1", 1);
    asked.excluded = {"ANN", "claude@host"};
    ASSERT_TRUE(approvals_->request(asked).ok());
    EXPECT_EQ(refused(signed_vote("ann", "a-1")), ErrorCode::PermissionDenied);
    EXPECT_TRUE(approvals_->vote(signed_vote("bob", "a-1")).ok());
    EXPECT_EQ(state("a-1"), "granted");
}

TEST_F(ApprovalsTest, StrangersAndRemovedPeopleDoNotCount) {
    ask("a-1");
    keys_.emplace("eve", crypto::SigningKey::generate(random_));
    EXPECT_EQ(refused(signed_vote("eve", "a-1")), ErrorCode::Unauthenticated);
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    ASSERT_TRUE(approvers_->remove("ann").ok());
    ASSERT_TRUE(approvals_->vote(signed_vote("bob", "a-1")).ok());
    EXPECT_EQ(state("a-1"), "pending") << "ann was removed while the request waited";
    EXPECT_EQ(refused(signed_vote("ann", "a-1")), ErrorCode::Unauthenticated);
    ASSERT_TRUE(approvals_->vote(signed_vote("cy", "a-1")).ok());
    EXPECT_EQ(state("a-1"), "granted");
}

TEST_F(ApprovalsTest, OneKeyUnderTwoNamesIsRefused) {
    const std::string line = keys_.at("ann").public_key().line();
    EXPECT_EQ(approvers_->enrol("ann2", line).error().code, ErrorCode::AlreadyExists);
    ASSERT_TRUE(approvers_->remove("ann").ok());
    EXPECT_EQ(approvers_->enrol("ann2", line).error().code, ErrorCode::AlreadyExists);
    EXPECT_EQ(approvers_->enrol("BOB", crypto::SigningKey::generate(random_).public_key().line())
                  .error()
                  .code,
              ErrorCode::AlreadyExists);
    EXPECT_TRUE(approvers_->enrol("ann", line).ok()) << "the same person comes back";
    for (const char* name : {"", "a b",
                             "a\xE2\x80\x8B"
                             "b",
                             "a,b", "*"}) {
        EXPECT_EQ(approvers_->enrol(name, line).error().code, ErrorCode::InvalidArgument) << name;
    }
}

TEST_F(ApprovalsTest, SilenceIsDenial) {
    ask("a-1");
    clock_.pass(seconds(59));
    EXPECT_TRUE(approvals_->expire()->empty());
    const auto late = signed_vote("ann", "a-1");
    clock_.pass(seconds(1));
    EXPECT_EQ(refused(late), ErrorCode::TimedOut) << "before expire() is called";
    const auto expired = approvals_->expire().take();
    ASSERT_EQ(expired.size(), 1U);
    EXPECT_EQ(state("a-1"), "expired");
    restart();
    EXPECT_EQ(state("a-1"), "expired");
}

TEST_F(ApprovalsTest, WhatRanOutWhileTheGatewayWasAwayIsExpired) {
    ask("a-1");
    ask("a-2");
    approvals_.reset();
    clock_.pass(minutes(2));
    restart();
    EXPECT_EQ(state("a-1"), "expired");
    EXPECT_TRUE(approvals_->open_requests().empty());
}

TEST_F(ApprovalsTest, AClockSetBackProlongsNoRequest) {
    ask("a-1", 1);
    clock_.wall = clock_.wall.plus(-minutes(3));
    clock_.steady += seconds(60);
    EXPECT_EQ(refused(signed_vote("ann", "a-1")), ErrorCode::TimedOut);
}

TEST_F(ApprovalsTest, ConsentNotUsedInTimeIsGone) {
    ask("a-1", 1);
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    clock_.pass(seconds(60));
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::TimedOut);
    EXPECT_EQ(approvals_->expire()->size(), 1U);
    EXPECT_EQ(approvals_->find("a-1").take()->reason, "consent was not used in time");
}

TEST_F(ApprovalsTest, ConsentForAnotherTextCannotBeUsed) {
    ask("a-1", 1);
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    EXPECT_EQ(approvals_->use("a-1", digest("rm -rf /")).error().code, ErrorCode::PermissionDenied);
    EXPECT_EQ(state("a-1"), "granted");
}

TEST_F(ApprovalsTest, VoteFromAWrongTimeIsRefused) {
    ask("a-1");
    auto vote = signed_vote("ann", "a-1");
    vote.time = clock_.now().plus(minutes(6));
    EXPECT_EQ(refused(sign("ann", vote)), ErrorCode::TimedOut);
    vote.time = clock_.now().plus(-minutes(6));
    EXPECT_EQ(refused(sign("ann", vote)), ErrorCode::TimedOut);
    vote.time = clock_.now().plus(-minutes(4));
    EXPECT_TRUE(approvals_->vote(sign("ann", vote)).ok());
}

TEST_F(ApprovalsTest, FrozenRequestsTakeNoVotesAndCannotBeUsed) {
    ask("a-1", 1);
    ask("a-2", 1);
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    EXPECT_EQ(approvals_->freeze_session("s-1")->size(), 2U);
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::Conflict);
    EXPECT_EQ(refused(signed_vote("ann", "a-2")), ErrorCode::Conflict);
    restart();
    EXPECT_EQ(approvals_->use("a-1", digest("a-1")).error().code, ErrorCode::Conflict);
    EXPECT_EQ(approvals_->thaw_session("s-1")->size(), 2U);
    EXPECT_TRUE(approvals_->use("a-1", digest("a-1")).ok());
    EXPECT_TRUE(approvals_->vote(signed_vote("ann", "a-2", model::Ballot::Deny)).ok());
}

TEST_F(ApprovalsTest, RevokedSessionsRequestsAreDenied) {
    ask("a-1");
    ask("a-2", 1);
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-2")).ok());
    EXPECT_EQ(approvals_->deny_session("s-1", "session revoked")->size(), 2U);
    EXPECT_EQ(approvals_->use("a-2", digest("a-2")).error().code, ErrorCode::Conflict);
    EXPECT_EQ(approvals_->deny("a-1", "again").error().code, ErrorCode::Conflict);
    EXPECT_EQ(approvals_->deny("a-9", "never").error().code, ErrorCode::NotFound);
}

TEST_F(ApprovalsTest, AFullQueueDenies) {
    for (std::size_t i = 0; i < limits::kPendingPerSessionMax; ++i) {
        ask("a-" + std::to_string(i));
    }
    EXPECT_EQ(approvals_->request(request("a-more")).error().code, ErrorCode::LimitExceeded);
    auto other = request("a-other");
    other.session = "s-2";
    EXPECT_TRUE(approvals_->request(other).ok());
    EXPECT_EQ(approvals_->request(request("a-0")).error().code, ErrorCode::AlreadyExists);
}

TEST_F(ApprovalsTest, BadRequestsAreRefused) {
    const auto code = [&](auto change) {
        auto bad = request("a-1");
        change(bad);
        return approvals_->request(bad).error().code;
    };
    EXPECT_EQ(code([](auto& r) { r.approvals = 0; }), ErrorCode::InvalidArgument);
    EXPECT_EQ(code([](auto& r) { r.approvals = 17; }), ErrorCode::InvalidArgument);
    EXPECT_EQ(code([](auto& r) { r.time_limit = seconds(29); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(code([](auto& r) { r.time_limit = hours(25); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(code([](auto& r) { r.action_digest = "sha256:12"; }), ErrorCode::InvalidArgument);
    EXPECT_EQ(code([](auto& r) { r.action = ""; }), ErrorCode::InvalidArgument);
}

TEST_F(ApprovalsTest, AFailedStoreNeverGrantsAndDenialsHold) {
    ask("a-1", 1);
    ask("a-2", 1);
    for (std::size_t n = 1; n <= 3; ++n) {
        store_.fail_call(n);
        EXPECT_FALSE(approvals_->vote(signed_vote("ann", "a-1")).ok()) << n;
        store_.fail_call(0);
        EXPECT_EQ(state("a-1"), "pending");
    }
    store_.fail_call(3);
    EXPECT_FALSE(approvals_->vote(signed_vote("ann", "a-2", model::Ballot::Deny)).ok());
    store_.fail_call(0);
    EXPECT_EQ(state("a-2"), "denied");
    ASSERT_TRUE(approvals_->vote(signed_vote("ann", "a-1")).ok());
    for (std::size_t n = 1; n <= 3; ++n) {
        store_.fail_call(n);
        EXPECT_FALSE(approvals_->use("a-1", digest("a-1")).ok()) << n;
        store_.fail_call(0);
    }
    EXPECT_TRUE(approvals_->expire().ok());
    restart();
    EXPECT_EQ(state("a-2"), "denied") << "stored with the next write";
    EXPECT_TRUE(approvals_->use("a-1", digest("a-1")).ok());
}

}  // namespace
}  // namespace countersign::approval
