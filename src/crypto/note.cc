#include "crypto/note.h"

#include <algorithm>
#include <cstring>

#include "crypto/digest.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace countersign::crypto {
namespace {

/// Signature type of Ed25519 in a key id and in a verifier key.
constexpr char kEd25519 = 0x01;
/// U+2014 and a space begin a signature line.
constexpr std::string_view kDash = "\xE2\x80\x94 ";

std::string_view view(const PublicKey& key) {
    return {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()};
}

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
    Sha256 hash;
    hash.update(name).update("\n").update({&kEd25519, 1}).update(view(key));
    const Digest digest = hash.finish();
    const std::string_view bytes(reinterpret_cast<const char*>(digest.bytes.data()), 4);
    return WireReader(bytes).u32();
}

std::string NoteVerifier::text() const {
    std::string id;
    put_u32(id, key_id());
    const std::string tagged = std::string(1, kEd25519) + std::string(view(key));
    return name + "+" + text::to_hex(text::bytes_of(id)) + "+" +
           text::to_base64(text::bytes_of(tagged));
}

Result<NoteVerifier> NoteVerifier::parse(std::string_view text) {
    const Error bad(ErrorCode::Malformed, "not a verifier key \"name+id+base64\"");
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (text.size() > kNoteBytesMax || second == std::string_view::npos) {
        return bad;
    }
    const auto tagged = text::from_base64(text.substr(second + 1));
    if (!tagged || tagged->size() != 1 + kPublicKeyBytes || tagged->front() != kEd25519) {
        return bad;
    }
    std::string wire;
    put_string(wire, kSshKeyType);
    put_string(wire, std::string_view(*tagged).substr(1));
    NoteVerifier verifier;
    verifier.name = std::string(text.substr(0, first));
    verifier.key = TRY(PublicKey::from_wire(wire));
    if (!note_name_valid(verifier.name) || verifier.text() != text) {
        return bad;
    }
    return verifier;
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
