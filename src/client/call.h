// One call of the gateway's API: a request, and its answer as JSON or as the Error that its problem
// document stands for. Private to client/. Not thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "client/http.h"

namespace countersign::client {

class Caller {
public:
    Caller(std::string socket, std::string token)
        : http_(std::move(socket)), token_(std::move(token)) {}

    Result<boost::json::value> get(std::string_view target, Duration wait);
    /// `key` makes a repeat harmless; null is answered for 204.
    Result<boost::json::value> post(std::string_view target, const boost::json::value& body,
                                    Duration wait);
    /// The body is JSON text already.
    Result<boost::json::value> post_text(std::string_view target, std::string body, Duration wait);

    /// The two halves of post_text(); see HttpConnection::begin().
    Result<void> begin_post_text(std::string_view target, std::string body, Duration wait);
    Result<boost::json::value> complete(Duration wait);

private:
    Result<boost::json::value> call(HttpRequest request, Duration wait);
    [[nodiscard]] HttpRequest post_of(std::string_view target, std::string body) const;

    HttpConnection http_;
    std::string token_;
};

/// The Error of a problem document (RFC 9457); a body that is none gives Malformed.
Error problem_error(int status, std::string_view body);
/// InvalidArgument: holds anything but letters, digits and "-._".
Result<void> check_path_segment(std::string_view id);

}  // namespace countersign::client
