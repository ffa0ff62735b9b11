// Helpers that the handlers share: bodies in, answers out, bounded numbers of the query. Private to
// api/.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/problem.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::api {

/// The request's body as JSON; an empty one is an empty object. Malformed, LimitExceeded.
Result<boost::json::value> body_of(const Call& call);

Response json_response(const boost::json::value& value, int status = 200);
Response text_response(std::string text, std::string_view content_type);
Response empty_response();  ///< 204
/// JSON that is text already.
Response raw_json_response(std::string json);

Reply ready_json(const boost::json::value& value, int status = 200);

/// {"items": [...], "next": cursor or null}.
boost::json::value page_json(boost::json::array items, std::string_view next);

/// `limit` of the query: 1 .. kPageEntriesMax. InvalidArgument.
Result<std::size_t> limit_of(const Call& call, std::size_t fallback);
/// `wait` of the query in seconds: 0 .. 600.
Result<Duration> wait_of(const Call& call);

/// "reason" and "by" of a body, both optional; nothing else may stand there.
struct Statement {
    std::string by;
    std::string reason;
};
Result<Statement> statement_of(const Api& api, const Call& call);

boost::json::string text_json(std::string_view text);

/// Pages a list that is in memory whole: the cursor is the id of the last element of the page
/// before. `id` gives an element's id; ids are ascending.
template <class T, class Id, class Print>
Result<boost::json::value> page_of(const Call& call, const std::vector<T>& list, Id id,
                                   Print print) {
    const std::size_t limit = TRY(limit_of(call, limits::kPageEntriesMax));
    const std::string cursor = call.query("cursor");
    boost::json::array items;
    std::string last;
    bool more = false;
    for (const T& element : list) {
        if (!cursor.empty() && !(cursor < id(element))) {
            continue;
        }
        if (items.size() == limit) {
            more = true;
            break;
        }
        items.push_back(print(element));
        last = id(element);
    }
    return page_json(std::move(items), more ? std::string_view(last) : std::string_view());
}

/// Runs a handler's body that can fail and turns its error into a problem.
template <class F>
Reply answer(F body) {
    Result<Reply> reply = body();
    return reply.ok() ? reply.take() : failed(reply.error());
}

}  // namespace countersign::api
