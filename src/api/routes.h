// Every route of the API in one table: door, method, pattern, the query members it takes, handler.
// docs/api/openapi.yaml says the same for people; a test holds the two together.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "api/api.h"

namespace countersign::api {

/// Who may use a route.
enum class Side { Agents, People };

/// Whether a repeated answer may be kept for an idempotency key.
enum class Keeping {
    Answer,   ///< the answer as it was
    Current,  ///< a submission: the action's current answer
    Nothing   ///< holds a token
};

/// What the last variable segment of a pattern takes.
enum class Last {
    OneSegment,
    TakesRest  ///< all that follows, slashes and all; the handler knows which names there are
};

struct Route {
    Side side = Side::People;
    Method method = Method::Get;
    std::string_view pattern;  ///< "/v1/actions/{id}/votes"
    std::array<std::string_view, 10> query;
    Reply (*handler)(Api&, const Call&) = nullptr;
    Keeping keeping = Keeping::Answer;
    Last last = Last::OneSegment;
};

std::span<const Route> routes();

/// The route that a path fits, with its variable segments. `path_known` says whether another method
/// or side has the path.
struct Match {
    const Route* route = nullptr;
    std::vector<std::string> ids;
    bool other_method = false;
};
Match find_route(Side side, Method method, const std::vector<std::string>& segments);

}  // namespace countersign::api
