#include "crypto/tokens.h"

#include <algorithm>
#include <array>
#include <vector>

#include "text/encoding.h"

namespace countersign::crypto {

std::string make_token(std::string_view prefix, Random& random) {
    std::array<std::byte, 32> bytes{};
    random.fill(bytes);
    return std::string(prefix) + text::to_base64url(bytes);
}

bool token_well_formed(std::string_view token, std::string_view prefix) {
    if (!token.starts_with(prefix) || token.size() != prefix.size() + kTokenBodyLength) {
        return false;
    }
    token.remove_prefix(prefix.size());
    return std::all_of(token.begin(), token.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

Digest token_digest(std::string_view token) {
    return sha256(token);
}

std::string make_id(std::string_view prefix, std::size_t bytes, Random& random) {
    std::vector<std::byte> random_bytes(bytes);
    random.fill(random_bytes);
    return std::string(prefix) + text::to_hex(random_bytes);
}

}  // namespace countersign::crypto
