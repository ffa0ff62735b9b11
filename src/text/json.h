// JSON at our borders: a strict, bounded parse, typed access to members, and the canonical form
// (RFC 8785) over which digests and signatures are made. Boost.JSON does the parsing.
//
// Strict: RFC 8259 only, no comments, no trailing commas, valid UTF-8, no duplicate member names,
// at most limits::kJsonDepthMax levels. Pure; thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace countersign::text {

/// Parses one document. Malformed: not JSON, not UTF-8, a duplicate name, trailing bytes.
/// LimitExceeded: nested too deeply or longer than `bytes_max`.
Result<boost::json::value> parse_json(std::string_view document, std::size_t bytes_max);

/// RFC 8785 (JCS). Numbers are printed as ECMAScript does; names sorted by UTF-16 code units.
/// Malformed: a number that is not finite.
Result<std::string> canonical_json(const boost::json::value& value);

/// Appends valid UTF-8 as a JSON string in the canonical spelling, with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Reads members of one object and remembers the first failure, so that a decoder is a plain list
/// of reads followed by finish(). A member nobody read is a failure as well: one spelling only.
///
///     ObjectReader in(value, "vote");
///     vote.approver = in.string("approver", limits::kNameBytesMax);
///     TRY(in.finish());
class ObjectReader {
public:
    /// `value` must outlive the reader; `what` names the document in messages.
    ObjectReader(const boost::json::value& value, std::string_view what);

    /// Required members. On failure: an empty value, and finish() tells.
    std::string string(std::string_view name, std::size_t bytes_max);
    std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
    bool boolean(std::string_view name);
    const boost::json::value* member(std::string_view name);
    std::vector<std::string> strings(std::string_view name, std::size_t count_max,
                                     std::size_t bytes_max);

    /// Optional members: absent or null gives the default.
    std::string string_or(std::string_view name, std::size_t bytes_max, std::string fallback);
    std::optional<std::string> optional_string(std::string_view name, std::size_t bytes_max);
    std::int64_t integer_or(std::string_view name, std::int64_t least, std::int64_t most,
                            std::int64_t fallback);
    bool boolean_or(std::string_view name, bool fallback);
    /// nullptr when absent or null.
    const boost::json::value* optional_member(std::string_view name);
    std::vector<std::string> strings_or_empty(std::string_view name, std::size_t count_max,
                                              std::size_t bytes_max);

    /// Records a failure of the caller's own about `name`.
    void fail(std::string_view name, std::string_view why);
    /// Accept members that nobody reads (documents of newer versions, other vendors' hooks).
    void ignore_unknown();
    /// The first failure (Malformed or LimitExceeded), or success when every member was read.
    Result<void> finish();

private:
    const boost::json::value* find(std::string_view name, bool required);

    const boost::json::object* object_ = nullptr;
    std::string what_;
    std::vector<std::string> seen_;
    std::optional<Error> failure_;
    bool ignore_unknown_ = false;
};

}  // namespace countersign::text
