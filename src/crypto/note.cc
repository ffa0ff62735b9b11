#include "crypto/note.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/key_line.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace countersign::crypto {
namespace {

/// U+2014 and a space begin a signature line.
constexpr std::string_view kDash = "\xE2\x80\x94 ";

bool note_text_valid(std::string_view text) {
    return text.ends_with('\n') && !text::invalid_utf8_at(text) &&
           std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

Error malformed(const char* what) {
    return {ErrorCode::Malformed, std::string("not a signed note: ") + what};
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
    if (!line.starts_with(kDash)) {
        return malformed("a signature line does not begin with a dash");
    }
    line.remove_prefix(kDash.size());
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || !note_name_valid(line.substr(0, space))) {
        return malformed("a signature line without a key name");
    }
    const auto bytes = text::from_base64(line.substr(space + 1));
    if (!bytes || bytes->size() < 5) {
        return malformed("a signature is not base64");
    }
    NoteSignature signature;
    signature.name = std::string(line.substr(0, space));
    signature.key_id = WireReader(*bytes).u32();
    signature.signature = bytes->substr(4);
    return signature;
}

enum class Check { Unknown, Good, Bad };

Check check_signature(const Note& note, const NoteSignature& signature,
                      const std::vector<NoteVerifier>& verifiers) {
    for (const NoteVerifier& verifier : verifiers) {
        if (verifier.name != signature.name || verifier.key_id() != signature.key_id) {
            continue;
        }
        if (signature.signature.size() != kSignatureBytes) {
            return Check::Bad;
        }
        Signature bytes{};
        std::memcpy(bytes.data(), signature.signature.data(), bytes.size());
        return verify(verifier.key, note.text, bytes) ? Check::Good : Check::Bad;
    }
    return Check::Unknown;
}

}  // namespace

bool note_name_valid(std::string_view name) {
    return !name.empty() && name.size() <= 256 && !text::invalid_utf8_at(name) &&
           std::none_of(name.begin(), name.end(), [](char c) {
               return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '+';
           });
}

std::uint32_t NoteVerifier::key_id() const {
    return note_key_id(NoteAlgorithm::Ed25519, name, key);
}

std::string NoteVerifier::text() const {
    return key_line(NoteAlgorithm::Ed25519, name, key);
}

Result<NoteVerifier> NoteVerifier::parse(std::string_view text) {
    NamedKey named =
        TRY(parse_key_line(NoteAlgorithm::Ed25519, text, "not a verifier key \"name+id+base64\""));
    return NoteVerifier{std::move(named.name), named.key};
}

Result<std::string> sign_note(std::string_view text, std::string_view name, const SigningKey& key) {
    if (!note_text_valid(text) || text.size() > kNoteBytesMax / 2) {
        return Error(ErrorCode::InvalidArgument, "a note's text must be lines of plain UTF-8");
    }
    if (!note_name_valid(name)) {
        return Error(ErrorCode::InvalidArgument,
                     "a key name must be non-empty without white space and \"+\"");
    }
    NoteVerifier self;
    self.name = std::string(name);
    self.key = key.public_key();
    const Signature made = key.sign(text);
    std::string bytes;
    put_u32(bytes, self.key_id());
    bytes.append(reinterpret_cast<const char*>(made.data()), made.size());
    return std::string(text) + "\n" + std::string(kDash) + self.name + " " +
           text::to_base64(text::bytes_of(bytes)) + "\n";
}

Result<Note> parse_note(std::string_view note) {
    if (note.size() > kNoteBytesMax) {
        return malformed("too long");
    }
    if (!note_text_valid(note)) {
        return malformed("not lines of plain UTF-8");
    }
    // The last empty line parts text from signatures: a text may hold empty lines itself.
    const std::size_t gap = note.rfind("\n\n");
    if (gap == std::string_view::npos) {
        return malformed("no empty line before the signatures");
    }
    Note out;
    out.text = std::string(note.substr(0, gap + 1));
    std::string_view lines = note.substr(gap + 2);
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        if (out.signatures.size() == kNoteSignaturesMax) {
            return malformed("too many signatures");
        }
        NoteSignature signature = TRY(parse_signature_line(lines.substr(0, end)));
        out.signatures.push_back(std::move(signature));
        lines.remove_prefix(end + 1);
    }
    if (out.signatures.empty()) {
        return malformed("no signature");
    }
    return out;
}

Result<OpenedNote> open_note(std::string_view note, const std::vector<NoteVerifier>& verifiers) {
    const Note parsed = TRY(parse_note(note));
    OpenedNote out;
    for (const NoteSignature& signature : parsed.signatures) {
        const Check check = check_signature(parsed, signature, verifiers);
        if (check == Check::Bad) {
            return Error(ErrorCode::PermissionDenied,
                         "the note's signature by " + signature.name + " does not verify");
        }
        if (check == Check::Good) {
            out.verified.push_back(signature.name);
        }
    }
    if (out.verified.empty()) {
        return Error(ErrorCode::PermissionDenied, "the note is not signed by a key that we know");
    }
    out.text = parsed.text;
    return out;
}

}  // namespace countersign::crypto
