#include "client/call.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

#include "base/limits.h"
#include "sys/real_random.h"
#include "text/encoding.h"
#include "text/json.h"

namespace countersign::client {
namespace {

namespace json = boost::json;

/// What a call may take beyond the time that the gateway is asked to wait.
constexpr Duration kGrace = std::chrono::seconds(20);

std::string fresh_key() {
    std::array<std::byte, 16> bytes{};
    sys::RealRandom random;
    random.fill(bytes);
    return text::to_hex(bytes);
}

ErrorCode code_named(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(ErrorCode::Internal); ++i) {
        if (name == error_code_name(static_cast<ErrorCode>(i))) {
            return static_cast<ErrorCode>(i);
        }
    }
    return ErrorCode::Internal;
}

}  // namespace

Result<void> check_path_segment(std::string_view id) {
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
    });
    if (id.empty() || !plain || id.size() > limits::kNameBytesMax) {
        return Error(ErrorCode::InvalidArgument, "that is not an id");
    }
    return {};
}

Error problem_error(int status, std::string_view body) {
    auto value = text::parse_json(body, kAnswerBytesMax);
    if (!value.ok()) {
        return {ErrorCode::Malformed, "the gateway answered " + std::to_string(status) +
                                          " with something that is not a problem document"};
    }
    text::ObjectReader in(*value, "problem");
    in.ignore_unknown();
    const std::string code = in.string("code", limits::kNameBytesMax);
    const std::string detail = in.string("detail", kHeaderBytesMax);
    const std::string hint = in.string_or("hint", kHeaderBytesMax, "");
    if (auto read = in.finish(); !read.ok()) {
        return read.take_error();
    }
    return {code_named(code), detail, hint};
}

namespace {

Result<json::value> value_of(const HttpResponse& response) {
    if (response.status >= 300) {
        return problem_error(response.status, response.body);
    }
    if (response.body.empty()) {
        return json::value(nullptr);
    }
    return text::parse_json(response.body, kAnswerBytesMax);
}

}  // namespace

Result<json::value> Caller::get(std::string_view target, Duration wait) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    return call(std::move(request), wait);
}

Result<json::value> Caller::post(std::string_view target, const json::value& body, Duration wait) {
    return post_text(target, json::serialize(body), wait);
}

HttpRequest Caller::post_of(std::string_view target, std::string body) const {
    HttpRequest request;
    request.method = "POST";
    request.target = target;
    request.idempotency_key = fresh_key();
    request.body = std::move(body);
    request.bearer = token_;
    return request;
}

Result<json::value> Caller::post_text(std::string_view target, std::string body, Duration wait) {
    return call(post_of(target, std::move(body)), wait);
}

Result<void> Caller::begin_post_text(std::string_view target, std::string body, Duration wait) {
    return http_.begin(post_of(target, std::move(body)), wait + kGrace);
}

Result<json::value> Caller::complete(Duration wait) {
    const HttpResponse response = TRY(http_.complete(wait + kGrace));
    return value_of(response);
}

Result<json::value> Caller::call(HttpRequest request, Duration wait) {
    request.bearer = token_;
    const HttpResponse response = TRY(http_.exchange(request, wait + kGrace));
    return value_of(response);
}

}  // namespace countersign::client
