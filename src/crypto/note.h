// Signed notes (C2SP signed-note): a text, an empty line, and signature lines. Checkpoints of the
// audit log are such notes, so existing witnesses and verifiers read them.
//
//   <text, each line ended by a newline>
//   <empty line>
//   — <key name> base64(key id (4 bytes) || Ed25519 signature (64 bytes))
//
//   key id = first four bytes of SHA-256(key name || "\n" || 0x01 || public key)
//
// Pure; thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/keys.h"

namespace countersign::crypto {

/// Longest note that we read, and most signature lines in it (the log's own and witnesses').
inline constexpr std::size_t kNoteBytesMax = 64 * 1024;
inline constexpr std::size_t kNoteSignaturesMax = 64;

/// Who may sign a note: a verifier key, spelled "<name>+<key id, 8 hex>+<base64(0x01 || key)>".
struct NoteVerifier {
    std::string name;
    PublicKey key;

    bool operator==(const NoteVerifier&) const = default;
    [[nodiscard]] std::uint32_t key_id() const;
    [[nodiscard]] std::string text() const;
    /// Malformed: not that spelling, a bad name, another algorithm, a key id that does not fit.
    static Result<NoteVerifier> parse(std::string_view text);
};

struct NoteSignature {
    std::string name;
    std::uint32_t key_id = 0;
    std::string signature;  ///< raw bytes after the key id
};

struct Note {
    std::string text;  ///< ends with a newline
    std::vector<NoteSignature> signatures;
};

/// A key name holds no white space and no "+", and is not empty.
bool note_name_valid(std::string_view name);

/// Signs. InvalidArgument: text without final newline, ill-formed UTF-8 or control characters
/// other than newline; a bad name.
Result<std::string> sign_note(std::string_view text, std::string_view name, const SigningKey& key);

/// Splits without verifying anything. Malformed as the specification says.
Result<Note> parse_note(std::string_view note);

/// Parses and verifies: at least one signature by one of `verifiers`, and none of theirs that does
/// not verify (unknown signers are passed over, as the specification demands). PermissionDenied
/// otherwise. `verified` of the answer are the names that signed.
struct OpenedNote {
    std::string text;
    std::vector<std::string> verified;
};
Result<OpenedNote> open_note(std::string_view note, const std::vector<NoteVerifier>& verifiers);

}  // namespace countersign::crypto
