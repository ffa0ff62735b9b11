#include "crypto/digest.h"

#include <cstring>
#include <nettle/sha2.h>
#include <new>

#include "crypto/sodium.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

constexpr std::string_view kPrefix = "sha256:";

// Nettle takes the processor's SHA instructions where it has them (chosen at start), which
// libsodium does not; each record is hashed twice before its action is released.
using State = sha256_ctx;
static_assert(sizeof(State) <= 128 && alignof(State) <= 16);
static_assert(SHA256_DIGEST_SIZE == kDigestBytes);

State* state_in(std::array<std::byte, 128>& room) {
    return std::launder(reinterpret_cast<State*>(room.data()));
}

}  // namespace

std::string Digest::text() const {
    return std::string(kPrefix) + hex();
}

std::string Digest::hex() const {
    return text::to_hex(bytes);
}

std::optional<Digest> Digest::parse(std::string_view text) {
    if (!text.starts_with(kPrefix)) {
        return std::nullopt;
    }
    const auto bytes = text::from_hex(text.substr(kPrefix.size()));
    return bytes ? from_bytes(*bytes) : std::nullopt;
}

std::optional<Digest> Digest::from_bytes(std::string_view bytes) {
    if (bytes.size() != kDigestBytes) {
        return std::nullopt;
    }
    Digest digest;
    std::memcpy(digest.bytes.data(), bytes.data(), kDigestBytes);
    return digest;
}

Sha256::Sha256() {
    ::new (static_cast<void*>(state_.data())) State;
    sha256_init(state_in(state_));
}

Sha256& Sha256::update(std::span<const std::byte> bytes) {
    sha256_update(state_in(state_), bytes.size(), raw(bytes.data()));
    return *this;
}

Sha256& Sha256::update(std::string_view text) {
    return update(text::bytes_of(text));
}

Digest Sha256::finish() {
    Digest digest;
    // Also begins anew.
    sha256_digest(state_in(state_), kDigestBytes, raw(digest.bytes.data()));
    return digest;
}

Digest sha256(std::string_view text) {
    return Sha256().update(text).finish();
}

Digest keyed_digest(std::string_view key, std::string_view text) {
    use_sodium();
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, raw(key.data()), key.size());
    crypto_auth_hmacsha256_update(&state, raw(text.data()), text.size());
    Digest digest;
    crypto_auth_hmacsha256_final(&state, raw(digest.bytes.data()));
    sodium_memzero(&state, sizeof state);
    return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace countersign::crypto
