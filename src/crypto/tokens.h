// Bearer tokens: a prefix that says what kind of token it is (so that scanners and people can see a
// leaked one) and 32 random bytes. Only a token's digest is ever stored.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "crypto/digest.h"

namespace countersign::crypto {

inline constexpr std::string_view kSessionTokenPrefix = "cst_";
inline constexpr std::string_view kOperatorTokenPrefix = "cso_";
/// Characters of base64url(32 bytes) without padding.
inline constexpr std::size_t kTokenBodyLength = 43;

/// `prefix` and base64url of 32 random bytes.
std::string make_token(std::string_view prefix, Random& random);
/// Whether `token` has the prefix and the length and alphabet of its body.
bool token_well_formed(std::string_view token, std::string_view prefix);
/// What is stored and looked up in place of the token. 256 random bits need no slow hash.
Digest token_digest(std::string_view token);
/// `prefix` and 2 * `bytes` random hexadecimal digits: ids such as "s-..." and "a-...".
std::string make_id(std::string_view prefix, std::size_t bytes, Random& random);

}  // namespace countersign::crypto
