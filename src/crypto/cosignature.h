// Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519): a witness says that at some time it
// saw a checkpoint that extends every one it had seen of that log. One is a signature line of the
// checkpoint's note.
//
//   key id    = first four bytes of SHA-256(name || "\n" || 0x04 || public key)
//   signature = time (8 bytes, big-endian, seconds since 1970) || Ed25519 signature (64 bytes) over
//               "cosignature/v1\ntime <seconds>\n" || the note's text
//
// Pure; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/keys.h"
#include "crypto/note.h"

namespace countersign::crypto {

/// A witness's verifier key, spelled "<name>+<key id, 8 hex>+<base64(0x04 || key)>".
struct WitnessKey {
    std::string name;
    PublicKey key;

    bool operator==(const WitnessKey&) const = default;
    [[nodiscard]] std::uint32_t key_id() const;
    [[nodiscard]] std::string text() const;
    /// Malformed: not that spelling (a final newline may stand), a bad name, another algorithm, a
    /// key id that does not fit.
    static Result<WitnessKey> parse(std::string_view text);
};

/// Seconds since 1970 at which the witness signed; nullopt: not this witness's, or it does not
/// verify.
std::optional<std::uint64_t> verify_cosignature(const WitnessKey& witness, std::string_view text,
                                                const NoteSignature& signature);

/// The signature line, newline included, with which `key` cosigns a note's text. For tests and for
/// a machine that witnesses another one. InvalidArgument: a bad name.
Result<std::string> cosign(std::string_view text, std::string_view name, const SigningKey& key,
                           std::uint64_t seconds);

}  // namespace countersign::crypto
