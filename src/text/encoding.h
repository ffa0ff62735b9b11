// Hexadecimal and base64 in both alphabets. Strict: one spelling per value. Pure; thread safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace countersign::text {

/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::byte> bytes);
/// Accepts lower-case hexadecimal of even length only.
std::optional<std::string> from_hex(std::string_view hex);

/// RFC 4648 section 4, padded.
std::string to_base64(std::span<const std::byte> bytes);
/// Strict RFC 4648 section 4: padding required, unused bits zero, no white space.
std::optional<std::string> from_base64(std::string_view base64);
/// RFC 4648 section 5 without padding; for tokens.
std::string to_base64url(std::span<const std::byte> bytes);

/// A string's bytes, for the functions that take std::byte.
inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace countersign::text
