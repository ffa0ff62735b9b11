// The door against a gateway that says what the test wants. The real one is met in tests/e2e.
#include "doors/sh/sh.h"

#include <boost/json.hpp>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/fake_server.h"
#include "model/codec.h"

namespace countersign::doors::sh {
namespace {

namespace json = boost::json;
using client::FakeServer;

std::string answer_text(std::string_view state) {
    return json::serialize(json::object{{"id", "a-0123456789abcdef"},
                                        {"digest", "sha256:" + std::string(64, '0')},
                                        {"state", json::string(state.data(), state.size())},
                                        {"verdict", model::to_json(model::Verdict())},
                                        {"votes_for", 0},
                                        {"expires", nullptr},
                                        {"decided_by", "policy"},
                                        {"message", "Not permitted: because"}});
}

FakeServer::Script replies(const std::string& body, const std::string& status = "200 OK") {
    return FakeServer::says("HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
}

class Sh : public ::testing::Test {
protected:
    void SetUp() override {
        directory_ = sys::make_temporary_directory(sys::temporary_directory(), "sh-test-").take();
        ::setenv("COUNTERSIGN_SESSION", "cst_secret", 1);
    }
    void TearDown() override {
        ::unsetenv("COUNTERSIGN_SESSION");
        ::unsetenv("COUNTERSIGN_SOCKET");
        (void)sys::remove_tree(directory_);
    }
    /// Runs `touch ran` with this server; gives the exit status.
    int touch(const FakeServer& server) {
        ::setenv("COUNTERSIGN_SOCKET", server.path().c_str(), 1);
        return call({"-c", "touch " + ran()});
    }
    int call(const std::vector<std::string>& words) {
        const std::vector<std::string_view> arguments(words.begin(), words.end());
        ::testing::internal::CaptureStderr();
        const int status = run(arguments);
        said_ = ::testing::internal::GetCapturedStderr();
        return status;
    }
    [[nodiscard]] std::string ran() const { return directory_ + "/ran"; }
    [[nodiscard]] bool has_run() const { return sys::file_status(ran()).value().has_value(); }

    std::string directory_;
    std::string said_;
};

TEST_F(Sh, RunsWhatIsGrantedAndReportsIt) {
    FakeServer server(
        {replies(answer_text("granted")), FakeServer::says("HTTP/1.1 204 x\r\n\r\n")});
    EXPECT_EQ(touch(server), 0);
    EXPECT_TRUE(has_run());
    EXPECT_EQ(said_, "");
    server.stop();
    EXPECT_NE(server.received().find("POST /v1/actions/a-0123456789abcdef/outcome"),
              std::string::npos);
}

TEST_F(Sh, NothingButGrantedRuns) {
    for (const char* state : {"denied", "expired", "done", "nonsense"}) {
        FakeServer server({replies(answer_text(state))});
        EXPECT_EQ(touch(server), 126) << state;
        EXPECT_FALSE(has_run()) << state;
        EXPECT_TRUE(said_.starts_with("countersign: ")) << said_;
    }
}

TEST_F(Sh, NoAnswerIsARefusal) {
    for (const std::string& bytes :
         {std::string(), std::string("HTTP/1.1 200 OK\r\n"),
          std::string("HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\n{}")}) {
        FakeServer server({FakeServer::says(bytes)});
        EXPECT_EQ(touch(server), 126);
        EXPECT_FALSE(has_run());
    }
    ::setenv("COUNTERSIGN_SOCKET", "/nonexistent/agent.sock", 1);
    EXPECT_EQ(call({"-c", "touch " + ran()}), 126);
    EXPECT_FALSE(has_run());
}

TEST_F(Sh, TextThatIsNotUtf8IsRefusedBeforeAnybodyIsAsked) {
    ::setenv("COUNTERSIGN_SOCKET", "/nonexistent/agent.sock", 1);
    EXPECT_EQ(call({"-c", "touch " + ran() + "; echo \xff"}), 126);
    EXPECT_NE(said_.find("UTF-8"), std::string::npos) << said_;
}

TEST_F(Sh, OtherCallsAreUsageErrors) {
    EXPECT_EQ(call({}), 2);
    EXPECT_EQ(call({"-c"}), 2);
    EXPECT_EQ(call({"-l", "-c", "true"}), 2);
    EXPECT_EQ(call({"script.sh"}), 2);
}

TEST_F(Sh, TheTokenIsInNoMessage) {
    FakeServer server(
        {replies(R"({"code":"unauthenticated","detail":"no","title":"x"})", "401 x")});
    EXPECT_EQ(touch(server), 126);
    EXPECT_EQ(said_.find("cst_"), std::string::npos) << said_;
}

}  // namespace
}  // namespace countersign::doors::sh
