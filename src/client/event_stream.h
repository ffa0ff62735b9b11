// The gateway's live view for people (GET /v1/events): server-sent events over the operator socket,
// blocking. Accepts only what our server sends, as http.h does:
//
//   stream = "HTTP/1.1 200 " ... CRLF CRLF *( event / comment )
//   event  = "event: " type LF "data: " one line of JSON LF LF      (WHATWG HTML section 9.2)
//   comment = ":" text LF LF                                        a sign of life
//
// Not thread safe. After an error the stream is of no more use.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sys/fd.h"

namespace countersign::client {

struct ServerEvent {
    std::string type;  ///< action, session, incident, freeze, alert
    std::string data;  ///< JSON
};

/// The next event in what has arrived, taken out of `buffer`; comments are passed over. nullopt:
/// not whole yet. Malformed: not as above.
Result<std::optional<ServerEvent>> take_event(std::string& buffer);

class EventStream {
public:
    /// Unauthenticated, Unavailable, TimedOut, Malformed.
    static Result<EventStream> open(const std::string& socket, const std::string& token);

    /// nullopt: nothing within `limit`. Unavailable: the gateway closed the stream (it stops, or
    /// this reader was too slow); LimitExceeded: an event without end.
    Result<std::optional<ServerEvent>> next(Duration limit);

private:
    explicit EventStream(sys::Fd fd, std::string buffer)
        : fd_(std::move(fd)), buffer_(std::move(buffer)) {}

    sys::Fd fd_;
    std::string buffer_;  ///< received and not used
};

}  // namespace countersign::client
