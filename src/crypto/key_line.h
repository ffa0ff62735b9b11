// The one-line spelling of public keys that sign notes (C2SP signed-note):
//
//   <name>+<key id, 8 hex>+<base64(algorithm || key)>
//   key id = first four bytes of SHA-256(name || "\n" || algorithm || key)
//
// One home for the keys of logs (algorithm 0x01) and of witnesses (0x04), so that both are read
// equally strictly. Pure; thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/keys.h"

namespace countersign::crypto {

enum class NoteAlgorithm : char { Ed25519 = 0x01, Cosignature = 0x04 };

/// A key's name and the key; which algorithm it serves is known to whoever holds it.
struct NamedKey {
    std::string name;
    PublicKey key;
};

std::uint32_t note_key_id(NoteAlgorithm algorithm, std::string_view name, const PublicKey& key);
std::string key_line(NoteAlgorithm algorithm, std::string_view name, const PublicKey& key);
/// Malformed, with `what` as the message: not that spelling exactly (a final newline may stand), a
/// bad name, another algorithm, a key id that does not fit. The errors of PublicKey::from_wire.
Result<NamedKey> parse_key_line(NoteAlgorithm algorithm, std::string_view text,
                                const std::string& what);

}  // namespace countersign::crypto
