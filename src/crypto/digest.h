// SHA-256 digests in the house's spelling "sha256:<64 hex digits>", keyed digests, and comparison
// that does not tell by its time how much matched. Nettle stands behind
// the digests, libsodium behind the rest.
//
// Thread safety: values; one Sha256 object belongs to one thread. Nothing here can fail: libsodium
// is initialised on first use, and a platform where that fails ends the process (CHECK).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace countersign::crypto {

inline constexpr std::size_t kDigestBytes = 32;

/// A SHA-256 value (FIPS 180-4). Comparison is ordinary: digests of public content are no secrets.
struct Digest {
    std::array<std::byte, kDigestBytes> bytes{};

    auto operator<=>(const Digest&) const = default;
    /// "sha256:" and 64 lower-case hexadecimal digits.
    [[nodiscard]] std::string text() const;
    /// 64 lower-case hexadecimal digits.
    [[nodiscard]] std::string hex() const;
    /// Accepts exactly what text() writes; else nullopt.
    static std::optional<Digest> parse(std::string_view text);
    /// Exactly 32 bytes; else nullopt.
    static std::optional<Digest> from_bytes(std::string_view bytes);
};

/// SHA-256 over pieces. After finish() the object starts anew.
class Sha256 {
public:
    Sha256();
    Sha256& update(std::span<const std::byte> bytes);
    Sha256& update(std::string_view text);
    Digest finish();

private:
    // Room for nettle's sha256_ctx, which digest.cc checks: no library type in a header.
    alignas(16) std::array<std::byte, 128> state_{};
};

/// SHA-256 of one text.
Digest sha256(std::string_view text);

/// HMAC-SHA-256 (RFC 2104). For keyed digests that stand in for redacted secrets: equal secrets
/// give equal digests, and without the key nobody can try candidates.
Digest keyed_digest(std::string_view key, std::string_view text);

/// Whether two texts are equal, in time that depends on their lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace countersign::crypto
