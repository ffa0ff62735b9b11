// The small readers that everything else leans on: UTF-8, hexadecimal, base64, times, lengths of
// time, numbers, and globs, where the first line is the pattern and the rest the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/time.h"
#include "text/encoding.h"
#include "text/glob.h"
#include "text/number.h"
#include "text/utf8.h"

using namespace countersign;

namespace {

void check_encodings(std::string_view text) {
    CHECK(text::from_hex(text::to_hex(text::bytes_of(text))) == text);
    CHECK(text::from_base64(text::to_base64(text::bytes_of(text))) == text);
    // One spelling only: what is accepted is what we would have written.
    if (const auto bytes = text::from_base64(text)) {
        CHECK(text::to_base64(text::bytes_of(*bytes)) == text);
    }
}

void check_utf8(std::string_view text) {
    const std::string valid = text::to_valid_utf8(text);
    CHECK(!text::invalid_utf8_at(valid));
    CHECK(text::invalid_utf8_at(text) || valid == text);
    const std::string shown = text::visible(text);
    CHECK(!text::invalid_utf8_at(shown));
    CHECK(std::none_of(shown.begin(), shown.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
    CHECK(!text::invalid_utf8_at(text::visible_lines(text)));
}

void check_numbers(std::string_view text) {
    if (const auto number = text::parse_integer(text, INT64_MIN, INT64_MAX)) {
        CHECK(std::to_string(*number) == text);
    }
    if (const auto instant = parse_instant(text)) {
        CHECK(format_instant(*instant) == text);
    }
    if (const auto span = parse_duration(text)) {
        CHECK(parse_duration(format_duration(*span)) == span);
    }
}

void check_globs(std::string_view text) {
    const std::size_t line = std::min(text.find('\n'), text.size());
    const std::string_view pattern = text.substr(0, line);
    const std::string_view subject = text.substr(std::min(line + 1, text.size()));
    if (!text::glob_valid(pattern)) {
        return;
    }
    const bool within = text::glob_match(pattern, subject, text::GlobStars::StopAtSlash);
    const bool across = text::glob_match(pattern, subject, text::GlobStars::CrossSlash);
    CHECK(!within || across);
    CHECK(text::has_glob(pattern) || !across || pattern == subject ||
          pattern.find('\\') != std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_encodings(text);
    check_utf8(text);
    check_numbers(text);
    check_globs(text);
    return 0;
}
