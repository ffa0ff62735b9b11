#include "api/body.h"

#include "text/number.h"
#include "text/utf8.h"

namespace countersign::api {

namespace json = boost::json;

namespace {

/// Longest wait of one request; a client asks again.
constexpr std::int64_t kWaitSecondsMax = 600;

}  // namespace

json::string text_json(std::string_view text) {
    if (!text::invalid_utf8_at(text)) {
        return json::string(text.data(), text.size());
    }
    const std::string valid = text::to_valid_utf8(text);
    return json::string(valid.data(), valid.size());
}

Result<json::value> body_of(const Call& call) {
    if (call.request->body.empty()) {
        return json::value(json::object());
    }
    return text::parse_json(call.request->body, limits::kRequestBodyBytesMax);
}

Response json_response(const json::value& value, int status) {
    Response response;
    response.status = status;
    response.body = json::serialize(value);
    return response;
}

Response raw_json_response(std::string json) {
    Response response;
    response.body = std::move(json);
    return response;
}

Response text_response(std::string text, std::string_view content_type) {
    Response response;
    response.content_type = content_type;
    response.body = std::move(text);
    return response;
}

Response empty_response() {
    Response response;
    response.status = 204;
    return response;
}

Reply ready_json(const json::value& value, int status) {
    return ready(json_response(value, status));
}

json::value page_json(json::array items, std::string_view next) {
    return json::object{
        {"items", std::move(items)},
        {"next", next.empty() ? json::value(nullptr) : json::value(text_json(next))}};
}

Result<std::size_t> limit_of(const Call& call, std::size_t fallback) {
    const std::string text = call.query("limit");
    if (text.empty()) {
        return fallback;
    }
    const auto limit =
        text::parse_integer(text, 1, static_cast<std::int64_t>(limits::kPageEntriesMax));
    if (!limit) {
        return Error(ErrorCode::InvalidArgument, "limit is no number from 1 to 500");
    }
    return static_cast<std::size_t>(*limit);
}

Result<Duration> wait_of(const Call& call) {
    const std::string text = call.query("wait");
    if (text.empty()) {
        return Duration::zero();
    }
    const auto seconds = text::parse_integer(text, 0, kWaitSecondsMax);
    if (!seconds) {
        return Error(ErrorCode::InvalidArgument, "wait is no number of seconds from 0 to 600");
    }
    return Duration(std::chrono::seconds(*seconds));
}

Result<Statement> statement_of(const Api& api, const Call& call) {
    const json::value body = TRY(body_of(call));
    text::ObjectReader in(body, "body");
    Statement statement;
    statement.by = in.string_or("by", limits::kNameBytesMax, api.options().operator_name);
    statement.reason = in.string_or("reason", limits::kCommentBytesMax, "");
    TRY(in.finish());
    return statement;
}

}  // namespace countersign::api
