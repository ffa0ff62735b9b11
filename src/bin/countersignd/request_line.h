// The request of `check` (contracts): flags for one, a JSON object per line for many. Members that
// are not given have defaults that depend on nothing but the request and the working directory.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/action.h"

namespace countersign::bin {

/// What flags say.
struct RequestFlags {
    std::string agent = "coding";
    std::string purpose;
    std::string directory;  ///< empty: the current one
    std::string workspace;  ///< empty: the directory
    std::string home;       ///< empty: told from the directory
    std::string kind = "command";
    std::string text;
    bool contained = false;
    bool staged = false;
};

/// InvalidArgument: an unknown kind; what model::validate says.
Result<model::ActionRequest> request_of(const RequestFlags& flags, Instant now);

/// {"id", "kind", "text", "argv", "program", "server", "name", "target", "cwd", "workspace",
/// "home", "agent": {"type", "id", "model"}, "purpose", "contained", "staged", "env"}; "expect" is
/// passed over (policy test). Malformed, InvalidArgument, LimitExceeded.
Result<model::ActionRequest> request_from_line(const boost::json::value& line,
                                               const RequestFlags& defaults, Instant now);

/// The moment at which such requests are judged: fixed, so that answers do not depend on the clock.
Instant judging_time();

}  // namespace countersign::bin
