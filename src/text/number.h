// Numbers out of untrusted text: whole text or nothing, within bounds. Pure; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace countersign::text {

/// Decimal digits with an optional leading "-", no other sign, no leading zeros (but "0" itself),
/// and least <= value <= most; else nullopt.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t least,
                                          std::int64_t most);

}  // namespace countersign::text
