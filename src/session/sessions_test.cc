#include "session/sessions.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/test_world.h"
#include "store/memory.h"

namespace countersign::session {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SessionsTest : public testing::Test {
protected:
    void SetUp() override { restart(); }
    void restart() {
        sessions_.reset();
        auto opened = Sessions::open(store_, clock_, random_);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        sessions_ = opened.take();
    }
    static model::SessionRequest request() {
        model::SessionRequest out;
        out.agent = {"claude@host", "coding", "model-1"};
        out.principal = "ann";
        out.purpose = "fix the build";
        out.workspace = "/w/project";
        out.contained = true;
        out.staged = true;
        out.ceiling = model::Tier::SideEffect;
        out.lifetime = hours(1);
        return out;
    }
    model::SessionGrant start() { return sessions_->start(request()).take(); }
    ErrorCode authenticates(const std::string& token) {
        const auto session = sessions_->authenticate(token);
        return session.ok() ? ErrorCode::Internal : session.error().code;
    }
    static constexpr ErrorCode kYes = ErrorCode::Internal;  // what authenticates() says on success
    static constexpr ErrorCode kNo = ErrorCode::Unauthenticated;

    store::MemoryStore store_;
    testing_world::HandClock clock_;
    testing_world::SeededRandom random_;
    std::unique_ptr<Sessions> sessions_;
};

TEST_F(SessionsTest, TokenNamesItsSessionAndNobodyElses) {
    const auto a = start();
    const auto b = start();
    EXPECT_EQ(sessions_->authenticate(a.token)->id, a.session.id);
    EXPECT_EQ(sessions_->authenticate(b.token)->id, b.session.id);
    EXPECT_EQ(a.session.expires, a.session.started.plus(hours(1)));
    for (const std::string& wrong :
         {std::string(), a.token + "x", a.token.substr(1), "cso_" + a.token.substr(4),
          std::string("cst_") + std::string(43, 'A')}) {
        EXPECT_EQ(authenticates(wrong), kNo) << wrong;
    }
}

TEST_F(SessionsTest, TheStoreHoldsNoToken) {
    const auto grant = start();
    const auto document = store::get(store_, store::Collection::Sessions, grant.session.id).take();
    EXPECT_EQ(document->find(grant.token), std::string::npos);
    EXPECT_EQ(document->find(grant.token.substr(4)), std::string::npos);
}

TEST_F(SessionsTest, TokenReuseAfterRevokeEndOrExpiryIsRefused) {
    const auto revoked = start();
    const auto ended = start();
    const auto expired = start();
    EXPECT_EQ(sessions_->revoke(revoked.session.id)->size(), 1U);
    EXPECT_EQ(sessions_->end(ended.session.id)->size(), 1U);
    EXPECT_EQ(authenticates(revoked.token), kNo);
    EXPECT_EQ(authenticates(ended.token), kNo);
    EXPECT_EQ(authenticates(expired.token), kYes);
    clock_.pass(hours(1));
    EXPECT_EQ(authenticates(expired.token), kNo) << "before expire() is called";
    EXPECT_EQ(sessions_->expire()->size(), 1U);
    restart();
    for (const auto* grant : {&revoked, &ended, &expired}) {
        EXPECT_EQ(authenticates(grant->token), kNo);
    }
    EXPECT_EQ(sessions_->find(revoked.session.id).take()->state, model::SessionState::Revoked);
    EXPECT_EQ(sessions_->find(expired.session.id).take()->state, model::SessionState::Expired);
}

TEST_F(SessionsTest, SurvivesARestart) {
    const auto grant = start();
    ASSERT_TRUE(sessions_->set_process(grant.session.id, 77).ok());
    restart();
    const auto session = sessions_->authenticate(grant.token);
    ASSERT_TRUE(session.ok());
    EXPECT_EQ(session->process_id, 77);
    clock_.pass(hours(2));
    EXPECT_EQ(authenticates(grant.token), kNo);
}

TEST_F(SessionsTest, AClockSetBackProlongsNothing) {
    const auto grant = start();
    clock_.wall = clock_.wall.plus(-hours(5));
    clock_.steady += hours(1);
    EXPECT_EQ(authenticates(grant.token), kNo);
    const auto second = start();
    clock_.wall = clock_.wall.plus(-hours(5));
    restart();
    EXPECT_EQ(authenticates(second.token), kYes);
    clock_.steady += hours(1);
    EXPECT_EQ(authenticates(second.token), kNo);
}

TEST_F(SessionsTest, DelegatedSessionInheritsAndNarrows) {
    const auto parent = start();
    DelegationRequest request;
    request.agent = {"helper", "", "model-2"};
    request.purpose = "write tests";
    request.ceiling = model::Tier::IdempotentWrite;
    request.workspace = "/w/project/tests";
    request.lifetime = hours(5);
    const auto child = sessions_->delegate(parent.session.id, request);
    ASSERT_TRUE(child.ok()) << child.error().message;
    EXPECT_EQ(child->session.delegation, std::vector<std::string>{parent.session.id});
    EXPECT_EQ(child->session.parent, parent.session.id);
    EXPECT_EQ(child->session.principal, "ann");
    EXPECT_EQ(child->session.agent.type, "coding");
    EXPECT_TRUE(child->session.contained && child->session.staged);
    EXPECT_LE(child->session.expires, parent.session.expires);
    EXPECT_EQ(sessions_->authenticate(child->token)->workspace, "/w/project/tests");
}

TEST_F(SessionsTest, DelegatedSessionWiderThanItsParentIsRefused) {
    const auto parent = start();
    const auto refused = [&](auto change) {
        DelegationRequest request;
        request.agent.id = "child";
        change(request);
        const auto child = sessions_->delegate(parent.session.id, request);
        return !child.ok() && child.error().code == ErrorCode::PermissionDenied;
    };
    EXPECT_TRUE(refused([](auto& r) { r.ceiling = model::Tier::Irreversible; }));
    EXPECT_TRUE(refused([](auto& r) { r.ceiling = model::Tier::Forbidden; }));
    EXPECT_TRUE(refused([](auto& r) { r.agent.type = "deploy"; }));
    for (const char* workspace :
         {"/", "/w", "/w/project2", "/w/project/../other", "/w/project/.", "w/project", ""}) {
        EXPECT_TRUE(refused([&](auto& r) { r.workspace = workspace; })) << workspace;
    }
    EXPECT_EQ(sessions_->active_count(), 1U);
}

TEST_F(SessionsTest, RevokingAParentRevokesAllDescendants) {
    const auto root = start();
    const auto child = sessions_->delegate(root.session.id, {}).take();
    const auto grandchild = sessions_->delegate(child.session.id, {}).take();
    const auto stranger = start();
    EXPECT_EQ(sessions_->descendants(root.session.id).size(), 2U);
    const auto revoked = sessions_->revoke(root.session.id).take();
    ASSERT_EQ(revoked.size(), 3U);
    EXPECT_EQ(revoked[0].id, root.session.id);
    EXPECT_EQ(authenticates(child.token), kNo);
    EXPECT_EQ(authenticates(grandchild.token), kNo);
    EXPECT_EQ(authenticates(stranger.token), kYes);
    EXPECT_EQ(sessions_->delegate(child.session.id, {}).error().code, kNo)
        << "a dead session has no children";
}

TEST_F(SessionsTest, DelegationDepthIsBounded) {
    std::string parent = start().session.id;
    for (std::size_t i = 0; i < limits::kDelegationDepthMax; ++i) {
        auto child = sessions_->delegate(parent, {});
        ASSERT_TRUE(child.ok()) << child.error().message;
        parent = child->session.id;
    }
    EXPECT_EQ(sessions_->delegate(parent, {}).error().code, ErrorCode::LimitExceeded);
    restart();
    EXPECT_TRUE(sessions_->active(parent)) << "the deepest chain can be stored and read";
}

TEST_F(SessionsTest, BadRequestsAreRefused) {
    const auto refused = [&](auto change) {
        auto bad = request();
        change(bad);
        const auto grant = sessions_->start(bad);
        return !grant.ok() && grant.error().code == ErrorCode::InvalidArgument;
    };
    EXPECT_TRUE(refused([](auto& r) { r.agent.type = ""; }));
    EXPECT_TRUE(refused([](auto& r) { r.principal = ""; }));
    EXPECT_TRUE(refused([](auto& r) { r.principal = std::string(257, 'a'); }));
    EXPECT_TRUE(refused([](auto& r) { r.purpose = "safe\xE2\x80\xAE"; }));
    EXPECT_TRUE(refused([](auto& r) { r.workspace = "relative"; }));
    EXPECT_TRUE(refused([](auto& r) { r.workspace = "/w/../etc"; }));
    EXPECT_TRUE(refused([](auto& r) { r.lifetime = seconds(0); }));
    EXPECT_TRUE(refused([](auto& r) { r.lifetime = hours(24 * 8); }));
    EXPECT_TRUE(refused([](auto& r) { r.ceiling = model::Tier::Forbidden; }));
}

TEST_F(SessionsTest, RevocationHoldsEvenWhenTheDiskIsFull) {
    const auto root = start();
    const auto child = sessions_->delegate(root.session.id, {}).take();
    for (std::size_t n = 1; n <= 4; ++n) {
        store_.fail_call(n);
        const auto revoked = sessions_->revoke(root.session.id);
        EXPECT_EQ(authenticates(root.token), kNo);
        EXPECT_EQ(authenticates(child.token), kNo);
        store_.fail_call(0);
        EXPECT_FALSE(revoked.ok()) << n;
    }
    EXPECT_EQ(sessions_->revoke(root.session.id)->size(), 2U) << "told once it is stored";
    restart();
    EXPECT_EQ(authenticates(root.token), kNo);
}

TEST_F(SessionsTest, AFailedStartGivesNoSession) {
    for (std::size_t n = 1; n <= 3; ++n) {
        store_.fail_call(n);
        EXPECT_FALSE(sessions_->start(request()).ok()) << n;
        store_.fail_call(0);
        EXPECT_EQ(sessions_->active_count(), 0U);
    }
    restart();
    EXPECT_EQ(sessions_->active_count(), 0U);
}

TEST_F(SessionsTest, ADamagedStoredSessionIsAnErrorNotSkipped) {
    const auto grant = start();
    ASSERT_TRUE(store::put(store_, store::Durability::Synced, store::Collection::Sessions,
                           grant.session.id, "{}", {{"state", "active"}})
                    .ok());
    EXPECT_EQ(Sessions::open(store_, clock_, random_).error().code, ErrorCode::Corrupt);
}

TEST_F(SessionsTest, ListsByState) {
    const auto a = start();
    const auto b = start();
    ASSERT_TRUE(sessions_->end(a.session.id).ok());
    EXPECT_EQ(sessions_->list(std::nullopt, "", 10)->size(), 2U);
    const auto active = sessions_->list(model::SessionState::Active, "", 10).take();
    ASSERT_EQ(active.size(), 1U);
    EXPECT_EQ(active[0].id, b.session.id);
    EXPECT_EQ(sessions_->next_expiry(), b.session.expires);
}

}  // namespace
}  // namespace countersign::session
