#include "client/http.h"

#include <gtest/gtest.h>

#include "client/call.h"
#include "client/fake_server.h"

namespace countersign::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpRequest get(std::string target = "/v1/actions/a-1") {
    HttpRequest request;
    request.method = "GET";
    request.target = std::move(target);
    request.bearer = "cst_secret";
    return request;
}

ErrorCode code_of(const Result<HttpResponse>& response) {
    return response.ok() ? ErrorCode::Internal : response.error().code;
}

/// What one answer of a server makes of a request.
Result<HttpResponse> answered_with(const std::string& bytes) {
    FakeServer server({FakeServer::says(bytes)});
    HttpConnection connection(server.path());
    return connection.exchange(get(), seconds(20));
}

TEST(ResponseHead, OnlyOneSpellingIsTaken) {
    const auto head = parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 12");
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->body_bytes, 12U);
    EXPECT_TRUE(head->keep_alive);
    for (const char* bad :
         {"", "HTTP/1.1", "HTTP/1.0 200 OK\r\nContent-Length: 0",
          "HTTP/1.1 2000 OK\r\nContent-Length: 0", "HTTP/1.1 20 OK\r\nContent-Length: 0",
          "HTTP/1.1 +20 OK\r\nContent-Length: 0", "HTTP/1.1 100 Continue\r\nContent-Length: 0",
          "HTTP/1.1 999 x\r\nContent-Length: 0", "HTTP/1.1 200 OK",
          "HTTP/1.1 200 OK\r\nContent-Length: -1", "HTTP/1.1 200 OK\r\nContent-Length: 0x10",
          "HTTP/1.1 200 OK\r\nContent-Length: 1 2",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncontent-length: 3",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "HTTP/1.1 200 OK\r\nnonsense",
          "HTTP/1.1 200 OK\r\n: 1", "HTTP/1.1 204 No Content\r\nContent-Length: 5"}) {
        EXPECT_FALSE(parse_response_head(bad).ok()) << bad;
    }
}

TEST(ResponseHead, ABodyPastTheBoundIsRefusedBeforeItComes) {
    const auto head = parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: " +
                                          std::to_string(kAnswerBytesMax + 1));
    ASSERT_FALSE(head.ok());
    EXPECT_EQ(head.error().code, ErrorCode::LimitExceeded);
}

TEST(HttpConnection, ReadsAnAnswer) {
    const auto answer = answered_with("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->body, "body");
}

TEST(HttpConnection, TruncatedAnswersAreErrors) {
    const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 7) {
        const auto answer = answered_with(whole.substr(0, bytes));
        EXPECT_FALSE(answer.ok()) << bytes << " bytes";
    }
}

TEST(HttpConnection, AnEndlessHeaderIsCutOff) {
    EXPECT_EQ(code_of(answered_with("HTTP/1.1 200 OK\r\nX: " + std::string(64 * 1024, 'a'))),
              ErrorCode::Malformed);
    // Also when its end comes along with it.
    EXPECT_EQ(code_of(answered_with("HTTP/1.1 200 OK\r\nX: " + std::string(20 * 1024, 'a') +
                                    "\r\nContent-Length: 0\r\n\r\n")),
              ErrorCode::Malformed);
}

TEST(HttpConnection, NobodyListens) {
    HttpConnection connection("/nonexistent/agent.sock");
    EXPECT_FALSE(connection.exchange(get(), seconds(1)).ok());
    HttpConnection closed(std::string(300, 'x'));
    EXPECT_EQ(code_of(closed.exchange(get(), seconds(1))), ErrorCode::LimitExceeded);
}

TEST(HttpConnection, ASilentPeerTimesOut) {
    const auto pipe = sys::make_socket_pair().take();
    FakeServer server({[&](const sys::Fd&) {
        // Until the client has given up.
        (void)sys::wait_readable(pipe.first, seconds(20));
    }});
    HttpConnection connection(server.path());
    EXPECT_EQ(code_of(connection.exchange(get(), milliseconds(50))), ErrorCode::TimedOut);
    (void)sys::send_all(pipe.second, "x", seconds(1));
}

/// The limit is for the whole answer: a peer that gives a byte now and then does not prolong it.
TEST(HttpConnection, ASlowPeerCannotHoldACallerForEver) {
    FakeServer server({[](const sys::Fd& connection) {
        std::string ignored;
        for (int i = 0; i < 2000; ++i) {
            if (!sys::send_all(connection, "H", seconds(1)).ok() ||
                sys::wait_readable(connection, milliseconds(10)).take()) {
                return;
            }
        }
    }});
    HttpConnection connection(server.path());
    EXPECT_EQ(code_of(connection.exchange(get(), milliseconds(200))), ErrorCode::TimedOut);
}

TEST(HttpConnection, BytesBehindAnAnswerAreNotTheNextAnswer) {
    const std::string two =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsmuggle";
    FakeServer server({FakeServer::says(two),
                       FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")});
    HttpConnection connection(server.path());
    EXPECT_EQ(connection.exchange(get(), seconds(5))->body, "first");
    EXPECT_EQ(connection.exchange(get(), seconds(5))->body, "second");
}

TEST(HttpConnection, AConnectionThatWasClosedMeanwhileIsMadeAnew) {
    FakeServer server({FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
                       FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")});
    HttpConnection connection(server.path());
    EXPECT_EQ(connection.exchange(get(), seconds(5))->body, "a");
    EXPECT_EQ(connection.exchange(get(), seconds(5))->body, "b");
}

TEST(HttpConnection, TheHalvesOfAnExchangeMakeItWhole) {
    FakeServer server({FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
                       FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")});
    HttpConnection connection(server.path());
    EXPECT_EQ(code_of(connection.complete(seconds(5))), ErrorCode::Internal) << "nothing was asked";
    ASSERT_TRUE(connection.begin(get(), seconds(5)).ok());
    EXPECT_EQ(connection.complete(seconds(5))->body, "a");
    // The server has closed by now or closes while this is on its way: it is asked anew.
    ASSERT_TRUE(connection.begin(get(), seconds(5)).ok());
    EXPECT_EQ(connection.complete(seconds(5))->body, "b");
    EXPECT_EQ(code_of(connection.complete(seconds(5))), ErrorCode::Internal);
}

TEST(HttpConnection, AnAnswerThatNobodyFetchedIsNotTheNextAnswer) {
    FakeServer server({FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"),
                       FakeServer::says("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")});
    HttpConnection connection(server.path());
    ASSERT_TRUE(connection.begin(get(), seconds(5)).ok());
    EXPECT_EQ(connection.exchange(get(), seconds(5))->body, "second");
}

TEST(HttpConnection, NoLineCanBeSmuggledIntoTheHeader) {
    HttpConnection connection("/nonexistent/agent.sock");
    HttpRequest token = get();
    token.bearer = "cst_x\r\nX-More: 1";
    HttpRequest target = get("/v1/a b");
    HttpRequest key = get();
    key.idempotency_key = std::string("a\0b", 3);
    for (const HttpRequest& request : {token, target, key}) {
        EXPECT_EQ(code_of(connection.exchange(request, seconds(1))), ErrorCode::InvalidArgument);
    }
}

TEST(HttpConnection, TheTokenStandsInItsHeaderAndNowhereElse) {
    FakeServer server({FakeServer::says("HTTP/1.1 204 No Content\r\n\r\n")});
    HttpConnection connection(server.path());
    HttpRequest request = get();
    request.method = "POST";
    request.body = "{}";
    ASSERT_TRUE(connection.exchange(request, seconds(5)).ok());
    server.stop();
    const std::string& sent = server.received();
    EXPECT_NE(sent.find("Authorization: Bearer cst_secret\r\n"), std::string::npos);
    EXPECT_EQ(sent.find("cst_secret"), sent.rfind("cst_secret"));
    EXPECT_EQ(sent.substr(0, sent.find("\r\n")), "POST /v1/actions/a-1 HTTP/1.1");
}

TEST(PathSegment, HoldsNothingThatLeadsElsewhere) {
    EXPECT_TRUE(check_path_segment("a-0123456789abcdef").ok());
    for (const char* bad : {"", "a/b", "..%2f", "a?b", "a#b", "a b", "a\r\nb", "\xff"}) {
        EXPECT_FALSE(check_path_segment(bad).ok()) << bad;
    }
}

TEST(ProblemDocument, OtherBodiesAreMalformed) {
    EXPECT_EQ(problem_error(500, "<html>").code, ErrorCode::Malformed);
    EXPECT_EQ(problem_error(401, R"({"code":"unauthenticated","detail":"no","title":"x"})").code,
              ErrorCode::Unauthenticated);
    EXPECT_EQ(problem_error(400, R"({"code":"of_a_later_version","detail":"no"})").code,
              ErrorCode::Internal);
}

}  // namespace
}  // namespace countersign::client
