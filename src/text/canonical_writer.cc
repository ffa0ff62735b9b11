#include "text/canonical_writer.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::text {
namespace {

bool plain_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

/// The comma in front of an element. A value that has a name had it before the name.
void CanonicalWriter::separate() {
    if (named_ || depth_ == 0) {
        named_ = false;
        return;
    }
    Level& level = levels_[depth_ - 1];
    if (!level.first) {
        out_ += ',';
    }
    level.first = false;
}

void CanonicalWriter::begin_object() {
    separate();
    CHECK(depth_ < kDepthMax);
    levels_[depth_++] = {};
    out_ += '{';
}

void CanonicalWriter::end_object() {
    --depth_;
    out_ += '}';
}

void CanonicalWriter::begin_array() {
    separate();
    CHECK(depth_ < kDepthMax);
    levels_[depth_++] = {};
    out_ += '[';
}

void CanonicalWriter::end_array() {
    --depth_;
    out_ += ']';
}

void CanonicalWriter::key(std::string_view name) {
    begin_member(name);
    out_ += '"';
    out_ += name;
    out_ += "\":";
}

void CanonicalWriter::begin_member(std::string_view name) {
    Level& level = levels_[depth_ - 1];
    CHECK(level.first || level.last < name);
    level.last = name;
    separate();
    named_ = true;
}

void CanonicalWriter::string(std::string_view value) {
    separate();
    ill_formed_ = ill_formed_ || invalid_utf8_at(value).has_value();
    append_json_string(out_, value);
}

void CanonicalWriter::number(std::int64_t value) {
    separate();
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out_.append(digits.data(), end.ptr);
}

void CanonicalWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
}

void CanonicalWriter::null() {
    separate();
    out_ += "null";
}

void CanonicalWriter::instant(Instant value) {
    string(format_instant(value));
}

void CanonicalWriter::raw(std::string_view json) {
    separate();
    out_ += json;
}

void CanonicalWriter::optional(const std::optional<std::string>& value) {
    value ? string(*value) : null();
}

void CanonicalWriter::strings(const std::vector<std::string>& list) {
    begin_array();
    for (const std::string& element : list) {
        string(element);
    }
    end_array();
}

// A map is in byte order, which is the order of UTF-16 as well while all names are ASCII.
void CanonicalWriter::strings(const std::map<std::string, std::string>& map) {
    begin_object();
    for (const auto& [name, value] : map) {
        ill_formed_ = ill_formed_ || !plain_ascii(name);
        begin_member(name);
        append_json_string(out_, name);
        out_ += ':';
        string(value);
    }
    end_object();
}

}  // namespace countersign::text
