// Reads members out of the gateway's answers for display: lenient (a missing member is empty),
// since a person would rather see a table with a gap than nothing. What decides anything - a vote -
// is decoded strictly by model/codec.h instead. Pure; thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/world.h"

namespace countersign::cli {

/// The member at a dotted path ("verdict.tier"); nullptr when it or a part is absent.
const boost::json::value* member_at(const boost::json::value& value, std::string_view path);
/// Text of a string, number or boolean; empty when absent, null or a container.
std::string text_at(const boost::json::value& value, std::string_view path);
std::int64_t number_at(const boost::json::value& value, std::string_view path);
std::optional<double> fraction_at(const boost::json::value& value, std::string_view path);
bool flag_at(const boost::json::value& value, std::string_view path);
/// The strings of an array; others are skipped.
std::vector<std::string> texts_at(const boost::json::value& value, std::string_view path);
void each_at(const boost::json::value& value, std::string_view path,
             const std::function<void(const boost::json::value&)>& visit);

/// Follows `next` cursors until the list ends or `most` items are there, and calls `visit` for each
/// item. `path` may hold a query already.
Result<void> each_item(Gateway& gateway, std::string path, std::size_t most,
                       const std::function<void(const boost::json::value&)>& visit);
/// The same as one document {"items": [...]}.
Result<boost::json::value> all_items(Gateway& gateway, const std::string& path, std::size_t most);

/// RFC 3986 percent-encoding of all but unreserved characters, for paths and queries.
std::string encode(std::string_view text);

/// "05:52:11" today, "Nov 23 05:52" otherwise; empty text stays empty. UTC, as the record has it.
std::string short_time(std::string_view rfc3339, Instant now);
/// "in 58 s", "in 29 d", "3 min ago"; empty for empty.
std::string relative_time(std::string_view rfc3339, Instant now);
std::string relative_time(Instant then, Instant now);

/// Prints one JSON document and a newline to out().
Result<int> print_json(World& world, const boost::json::value& value);

}  // namespace countersign::cli
