#include "client/event_stream.h"

#include "client/call.h"
#include "client/http.h"
#include "sys/unix_socket.h"

namespace countersign::client {
namespace {

constexpr Duration kOpenTime = std::chrono::seconds(10);
constexpr std::string_view kEnd = "\n\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

Error malformed(std::string_view what) {
    return {ErrorCode::Malformed, "the gateway's events are not understood: " + std::string(what)};
}

Result<void> receive_head(const sys::Fd& fd, std::string& buffer) {
    while (buffer.find(kHeadEnd) == std::string::npos) {
        if (buffer.size() > kHeaderBytesMax) {
            return malformed("the header is too long");
        }
        const bool more = TRY(sys::receive_some(fd, buffer, kOpenTime));
        if (!more) {
            return Error(ErrorCode::Unavailable, "the gateway closed the connection");
        }
    }
    return {};
}

}  // namespace

Result<std::optional<ServerEvent>> take_event(std::string& buffer) {
    constexpr std::string_view kType = "event: ";
    constexpr std::string_view kData = "data: ";
    while (true) {
        const std::size_t end = buffer.find(kEnd);
        if (end == std::string::npos) {
            return std::optional<ServerEvent>();
        }
        const std::string block = buffer.substr(0, end);
        buffer.erase(0, end + kEnd.size());
        if (block.starts_with(':')) {
            continue;
        }
        const std::size_t line = block.find('\n');
        if (line == std::string::npos || !block.starts_with(kType) ||
            block.compare(line + 1, kData.size(), kData) != 0 ||
            block.find('\n', line + 1) != std::string::npos) {
            return malformed("an event is not a type and one line of data");
        }
        return std::optional(ServerEvent{block.substr(kType.size(), line - kType.size()),
                                         block.substr(line + 1 + kData.size())});
    }
}

Result<EventStream> EventStream::open(const std::string& socket, const std::string& token) {
    sys::Fd fd = TRY(sys::connect_unix(socket));
    HttpRequest request;
    request.method = "GET";
    request.target = "/v1/events";
    request.bearer = token;
    TRY(sys::send_all(fd, print_request(request), kOpenTime));
    std::string buffer;
    TRY(receive_head(fd, buffer));
    if (!buffer.starts_with("HTTP/1.1 200 ")) {
        return malformed("no stream is answered: " + buffer.substr(0, buffer.find("\r\n")));
    }
    buffer.erase(0, buffer.find(kHeadEnd) + kHeadEnd.size());
    return EventStream(std::move(fd), std::move(buffer));
}

Result<std::optional<ServerEvent>> EventStream::next(Duration limit) {
    while (true) {
        std::optional<ServerEvent> event = TRY(take_event(buffer_));
        if (event) {
            return event;
        }
        if (buffer_.size() > kAnswerBytesMax) {
            return Error(ErrorCode::LimitExceeded, "an event of the gateway has no end");
        }
        const bool arrived = TRY(sys::wait_readable(fd_, limit));
        if (!arrived) {
            return event;
        }
        const bool more = TRY(sys::receive_some(fd_, buffer_, limit));
        if (!more) {
            return Error(ErrorCode::Unavailable, "the gateway closed the stream");
        }
    }
}

}  // namespace countersign::client
