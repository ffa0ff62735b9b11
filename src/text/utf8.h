// UTF-8 as bytes that may be hostile: validation, and a form for people's eyes in which nothing is
// hidden. Pure; thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::text {

/// One decoded code point and the bytes it took.
struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 1;
};

/// Decodes at `at` (which must be < text.size()). nullopt: not well-formed UTF-8 there (RFC 3629:
/// no surrogates, no overlong forms, at most U+10FFFF).
std::optional<CodePoint> decode_utf8(std::string_view text, std::size_t at);
/// Byte offset of the first ill-formed sequence, nullopt when all is well-formed.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);
/// Appends the code point (which must be a valid scalar value) as UTF-8.
void append_utf8(std::string& out, std::uint32_t code_point);

/// True for code points that hide, reorder or fake text: C0/C1 controls but tab and newline,
/// zero-width and invisible format characters, bidi controls (CVE-2021-42574), tag characters,
/// variation selectors, the BOM, and separators that look like spaces.
bool is_deceptive(std::uint32_t code_point);

/// What a person may safely be shown on one line: deceptive characters and ill-formed bytes as
/// \u{202E} or \xNN, newline as "\n", tab as "\t"; at most `bytes_max` bytes of output, then "...".
std::string visible(std::string_view text, std::size_t bytes_max = 4096);
/// As visible(), but newlines stay newlines.
std::string visible_lines(std::string_view text, std::size_t bytes_max = 65'536);

/// Replaces each ill-formed byte by U+FFFD, so that the result can stand in JSON.
std::string to_valid_utf8(std::string_view bytes);

}  // namespace countersign::text
