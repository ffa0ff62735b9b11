// The request target, taken apart strictly (RFC 9112 section 3.2.1, origin-form only):
//
//   target = "/" segment *( "/" segment ) [ "?" name "=" value *( "&" name "=" value ) ]
//
// Percent-encoding is decoded once, after splitting, so an encoded slash stays inside its segment.
// Empty segments, "." and "..", control characters, ill-formed escapes and repeated query names are
// refused. Pure; thread safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace countersign::api {

struct Target {
    std::vector<std::string> segments;
    std::map<std::string, std::string, std::less<>> query;
};

/// Malformed, LimitExceeded.
Result<Target> parse_target(std::string_view target);

}  // namespace countersign::api
