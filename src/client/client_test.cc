#include "client/client.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "client/fake_server.h"
#include "model/codec.h"

namespace countersign::client {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

std::string answer_text(std::string_view state) {
    json::object answer{{"id", "a-0123456789abcdef"},
                        {"digest", "sha256:" + std::string(64, '0')},
                        {"state", json::string(state.data(), state.size())},
                        {"verdict", model::to_json(model::Verdict())},
                        {"votes_for", 0},
                        {"expires", nullptr},
                        {"decided_by", "policy"},
                        {"message", "no"}};
    return json::serialize(answer);
}

FakeServer::Script replies(const std::string& body, const std::string& status = "200 OK") {
    return FakeServer::says("HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
}

model::ActionRequest some_request() {
    model::ActionRequest request;
    request.action.text = "git status";
    request.context.directory = "/w";
    return request;
}

Result<ActionAnswer> submit_to(FakeServer& server) {
    AgentClient client(server.path(), "cst_secret");
    return client.submit(some_request(), Duration::zero());
}

TEST(AgentClient, OnlyGrantedIsLeaveToExecute) {
    for (const std::string_view state : kActionStateNames) {
        FakeServer server({replies(answer_text(state))});
        const auto answer = submit_to(server);
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        EXPECT_EQ(answer->granted(), state == "granted");
    }
}

TEST(AgentClient, WhatDoesNotFitTheContractIsNoLeave) {
    const std::string good = answer_text("granted");
    std::string two_states = good;
    two_states.insert(two_states.size() - 1, R"(,"state":"granted")");
    for (const std::string& bad :
         {std::string("{}"), std::string("null"), std::string("[]"), std::string(),
          answer_text("approved"), good.substr(0, good.size() - 1), two_states,
          std::string(R"({"state":"granted"})")}) {
        FakeServer server({replies(bad)});
        EXPECT_FALSE(submit_to(server).ok()) << bad;
    }
}

TEST(AgentClient, AProblemIsAnErrorWhateverItSays) {
    FakeServer server({replies(answer_text("granted"), "503 Service Unavailable")});
    EXPECT_FALSE(submit_to(server).ok());
}

TEST(AgentClient, WaitsOnWhileTheActionIsOpen) {
    FakeServer server({replies(answer_text("pending")), replies(answer_text("pending")),
                       replies(answer_text("granted"))});
    AgentClient client(server.path(), "cst_secret");
    const auto answer = client.submit(some_request(), seconds(20));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_TRUE(answer->granted());
}

TEST(AgentClient, TheTokenIsInNoTarget) {
    FakeServer server({replies(answer_text("pending")), replies(answer_text("denied"))});
    AgentClient client(server.path(), "cst_secret");
    ASSERT_TRUE(client.submit(some_request(), seconds(20)).ok());
    server.stop();
    std::size_t lines = 0;
    const std::string& sent = server.received();
    for (std::size_t at = sent.find(" HTTP/1.1\r\n"); at != std::string::npos;
         at = sent.find(" HTTP/1.1\r\n", at + 1)) {
        const std::size_t begin = sent.rfind('\n', at) + 1;
        EXPECT_EQ(sent.substr(begin == 0 ? 0 : begin, at - begin).find("cst_"), std::string::npos);
        ++lines;
    }
    EXPECT_EQ(lines, 2U);
}

TEST(AgentClient, AGatewayThatDiesWhileAnActionIsHeldIsAnError) {
    FakeServer server({replies(answer_text("pending")), FakeServer::says("")});
    AgentClient client(server.path(), "cst_secret");
    EXPECT_FALSE(client.submit(some_request(), seconds(20)).ok());
}

TEST(AgentClient, AnIdThatIsNoIdIsNotAskedFor) {
    AgentClient client("/nonexistent", "cst_secret");
    EXPECT_EQ(client.await("../sessions", Duration::zero()).error().code,
              ErrorCode::InvalidArgument);
    EXPECT_EQ(client.report("a-1/../x", {}).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace countersign::client
