#include "client/http.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "sys/real_clock.h"
#include "sys/unix_socket.h"
#include "text/number.h"

namespace countersign::client {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

Error malformed(std::string what) {
    return {ErrorCode::Malformed, "the gateway's answer is not HTTP: " + std::move(what)};
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

Duration monotonic_now() {
    sys::RealClock clock;
    return clock.monotonic();
}

Duration left_until(Duration until) {
    return std::max(until - monotonic_now(), Duration::zero());
}

/// What stands in a line of the header may not end it.
Result<void> check_request(const HttpRequest& request) {
    for (const std::string_view word :
         {std::string_view(request.method), std::string_view(request.target),
          std::string_view(request.bearer), std::string_view(request.idempotency_key)}) {
        const bool plain =
            std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < '\x7f'; });
        if (!plain) {
            return Error(ErrorCode::InvalidArgument,
                         "a token or target holds a space or a control character");
        }
    }
    return {};
}

Result<int> parse_status_line(std::string_view line) {
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    const std::size_t end = kVersion.size() + 3;
    if (!line.starts_with(kVersion) || line.size() < end ||
        (line.size() > end && line[end] != ' ')) {
        return malformed("status line");
    }
    // No 1xx is ever sent here: it would not be the answer.
    const auto status = text::parse_integer(line.substr(kVersion.size(), 3), 200, 599);
    if (!status) {
        return malformed("status code");
    }
    return static_cast<int>(*status);
}

Result<void> parse_header(std::string_view line, ResponseHead& head,
                          std::optional<std::size_t>& length) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return malformed("header line");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (equal_ignoring_case(name, "content-length")) {
        const auto bytes = text::parse_integer(value, 0, INT64_MAX);
        if (!bytes || length) {
            return malformed("content-length");
        }
        length = static_cast<std::size_t>(*bytes);
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
        return malformed("transfer-encoding is not used here");
    } else if (equal_ignoring_case(name, "connection")) {
        head.keep_alive = !equal_ignoring_case(value, "close");
    }
    return {};
}

}  // namespace

Result<ResponseHead> parse_response_head(std::string_view head_text) {
    ResponseHead head;
    std::optional<std::size_t> length;
    const std::size_t first_end = head_text.find(kLineEnd);
    head.status = TRY(parse_status_line(head_text.substr(0, first_end)));
    std::string_view rest = first_end == std::string_view::npos
                                ? std::string_view()
                                : head_text.substr(first_end + kLineEnd.size());
    while (!rest.empty()) {
        const std::size_t end = rest.find(kLineEnd);
        TRY(parse_header(rest.substr(0, end), head, length));
        rest =
            end == std::string_view::npos ? std::string_view() : rest.substr(end + kLineEnd.size());
    }
    if (!length && head.status != 204) {
        return malformed("no content-length");
    }
    if (head.status == 204 && length.value_or(0) != 0) {
        return malformed("a body where there is none");
    }
    head.body_bytes = length.value_or(0);
    if (head.body_bytes > kAnswerBytesMax) {
        return Error(ErrorCode::LimitExceeded, "the gateway's answer is too large");
    }
    return head;
}

std::string url_encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += kHex[byte >> 4U];
            out += kHex[byte & 0xFU];
        }
    }
    return out;
}

std::string print_request(const HttpRequest& request) {
    std::string out = request.method + " " + request.target + " HTTP/1.1\r\nHost: countersign\r\n";
    if (!request.bearer.empty()) {
        out += "Authorization: Bearer " + request.bearer + "\r\n";
    }
    if (!request.idempotency_key.empty()) {
        out += "Idempotency-Key: " + request.idempotency_key + "\r\n";
    }
    if (request.method == "POST") {
        out += "Content-Type: application/json\r\nContent-Length: " +
               std::to_string(request.body.size()) + "\r\n";
    }
    return out + "\r\n" + request.body;
}

Result<void> HttpConnection::connect() {
    buffer_.clear();
    fd_ = TRY(sys::connect_unix(socket_));
    return {};
}

Result<HttpResponse> HttpConnection::exchange(const HttpRequest& request, Duration limit) {
    const Duration until = monotonic_now() + limit;
    TRY(begin(request, limit));
    return complete(left_until(until));
}

Result<void> HttpConnection::begin(const HttpRequest& request, Duration limit) {
    if (pending_) {
        // Its answer would be taken for the one to this request.
        pending_.reset();
        fd_.reset();
    }
    TRY(check_request(request));
    const Duration until = monotonic_now() + limit;
    bool reused = fd_.valid();
    if (reused) {
        // Something to read before a request was sent: the server closed it (or is broken).
        const auto readable = sys::wait_readable(fd_, Duration::zero());
        reused = readable.ok() && !*readable && buffer_.empty();
    }
    if (!reused) {
        TRY(connect());
    }
    Pending& pending = pending_.emplace(Pending{print_request(request), reused, {}});
    // A refusal may come before all of a large body was taken: then it is read all the same.
    pending.sent = sys::send_all(fd_, pending.bytes, left_until(until));
    return {};
}

Result<HttpResponse> HttpConnection::complete(Duration limit) {
    if (!pending_) {
        return Error(ErrorCode::Internal, "nothing was asked");
    }
    const Pending pending = std::move(*pending_);
    pending_.reset();
    const Duration until = monotonic_now() + limit;
    bool answered = false;
    auto response = receive(pending.sent, until, answered);
    if (!response.ok() && pending.reused && !answered &&
        response.error().code == ErrorCode::Unavailable) {
        TRY(connect());
        const auto sent = sys::send_all(fd_, pending.bytes, left_until(until));
        response = receive(sent, until, answered);
    }
    if (!response.ok() || !response->keep_alive) {
        fd_.reset();
    }
    return response;
}

/// Until the header is whole; gives its size.
Result<std::size_t> HttpConnection::receive_head(const Result<void>& sent, Duration until,
                                                 bool& answered) {
    std::size_t head_end = std::string::npos;
    while ((head_end = buffer_.find(kHeadEnd)) == std::string::npos) {
        if (buffer_.size() > kHeaderBytesMax) {
            return malformed("the header is too long");
        }
        const bool more = TRY(sys::receive_some(fd_, buffer_, left_until(until)));
        answered = answered || !buffer_.empty();
        if (!more) {
            return sent.ok() ? Error(ErrorCode::Unavailable, "the gateway closed the connection")
                             : sent.error();
        }
    }
    if (head_end > kHeaderBytesMax) {
        return malformed("the header is too long");
    }
    return head_end;
}

Result<HttpResponse> HttpConnection::receive(const Result<void>& sent, Duration until,
                                             bool& answered) {
    const std::size_t head_end = TRY(receive_head(sent, until, answered));
    const ResponseHead head =
        TRY(parse_response_head(std::string_view(buffer_).substr(0, head_end)));
    buffer_.erase(0, head_end + kHeadEnd.size());
    while (buffer_.size() < head.body_bytes) {
        const bool more = TRY(sys::receive_some(fd_, buffer_, left_until(until)));
        if (!more) {
            return malformed("the body ends early");
        }
    }
    HttpResponse response;
    response.status = head.status;
    response.body = buffer_.substr(0, head.body_bytes);
    buffer_.erase(0, head.body_bytes);
    // More than was asked for would be taken for the answer to the next request.
    response.keep_alive = head.keep_alive && sent.ok() && buffer_.empty();
    return response;
}

}  // namespace countersign::client
