// One kept-alive HTTP/1.1 connection over a Unix socket, blocking, for this program's own gateway.
// Not a general client: it accepts only what our server sends (Content-Length or an empty 204), and
// calls anything else Malformed. Written by hand, since `countersign hook` runs for each tool call
// and must start within milliseconds.
//
//   response    = "HTTP/1.1 " 3DIGIT " " reason CRLF *( name ":" OWS value CRLF ) CRLF body
//   (RFC 9112 sections 4 and 5, without folding, chunking and upgrades)
//
// Not thread safe. After an error the connection is dropped; the next request makes a new one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "sys/fd.h"

namespace countersign::client {

/// Bounds of an answer. A listing of many actions is the largest.
inline constexpr std::size_t kHeaderBytesMax = 16 * 1024;
inline constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;

struct HttpRequest {
    std::string method;
    std::string target;           ///< path and query; the caller has encoded what needs it
    std::string bearer;           ///< token
    std::string idempotency_key;  ///< empty: none
    std::string body;             ///< JSON; sent with POST, also when it is empty
};

struct HttpResponse {
    int status = 0;
    std::string body;
    bool keep_alive = true;
};

/// Status and header block (without its final empty line): how many body bytes follow. Malformed.
struct ResponseHead {
    int status = 0;
    std::size_t body_bytes = 0;
    bool keep_alive = true;
};
Result<ResponseHead> parse_response_head(std::string_view head);

class HttpConnection {
public:
    explicit HttpConnection(std::string socket) : socket_(std::move(socket)) {}

    /// Sends and waits up to `limit` for the whole answer, however slowly it comes. A kept
    /// connection that turns out to be closed before anything came back is made anew once; writes
    /// carry a key that makes that safe. Unavailable, TimedOut, Malformed, LimitExceeded;
    /// InvalidArgument, before anything is sent: a control character or a space in what becomes a
    /// line of the header (CWE-113).
    Result<HttpResponse> exchange(const HttpRequest& request, Duration limit);

    /// The two halves of exchange(), for a caller that has something to do meanwhile. begin()'s
    /// errors: nothing was asked. A second begin() gives up the answer to the first; complete()
    /// without a begin() is Internal.
    Result<void> begin(const HttpRequest& request, Duration limit);
    Result<HttpResponse> complete(Duration limit);

private:
    /// A request on its way.
    struct Pending {
        std::string bytes;
        bool reused = false;  ///< over a connection that had been used before
        Result<void> sent;
    };

    Result<HttpResponse> receive(const Result<void>& sent, Duration until, bool& answered);
    Result<std::size_t> receive_head(const Result<void>& sent, Duration until, bool& answered);
    Result<void> connect();

    std::string socket_;
    sys::Fd fd_;
    std::string buffer_;  ///< received and not used
    std::optional<Pending> pending_;
};

/// The bytes of a request as they go out.
std::string print_request(const HttpRequest& request);
/// Percent-encodes everything but unreserved characters (RFC 3986 section 2.3).
std::string url_encode(std::string_view text);

}  // namespace countersign::client
