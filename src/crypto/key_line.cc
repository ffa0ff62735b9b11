#include "crypto/key_line.h"

#include "crypto/digest.h"
#include "crypto/note.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

std::string tagged(NoteAlgorithm algorithm, const PublicKey& key) {
    return std::string(1, static_cast<char>(algorithm)) +
           std::string(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
}

}  // namespace

std::uint32_t note_key_id(NoteAlgorithm algorithm, std::string_view name, const PublicKey& key) {
    const Digest digest =
        Sha256().update(name).update("\n").update(tagged(algorithm, key)).finish();
    return WireReader({reinterpret_cast<const char*>(digest.bytes.data()), 4}).u32();
}

std::string key_line(NoteAlgorithm algorithm, std::string_view name, const PublicKey& key) {
    std::string id;
    put_u32(id, note_key_id(algorithm, name, key));
    return std::string(name) + "+" + text::to_hex(text::bytes_of(id)) + "+" +
           text::to_base64(text::bytes_of(tagged(algorithm, key)));
}

Result<NamedKey> parse_key_line(NoteAlgorithm algorithm, std::string_view text,
                                const std::string& what) {
    const Error bad(ErrorCode::Malformed, what);
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (text.size() > kNoteBytesMax || second == std::string_view::npos) {
        return bad;
    }
    const auto bytes = text::from_base64(text.substr(second + 1));
    if (!bytes || bytes->size() != 1 + kPublicKeyBytes ||
        bytes->front() != static_cast<char>(algorithm)) {
        return bad;
    }
    std::string wire;
    put_string(wire, kSshKeyType);
    put_string(wire, std::string_view(*bytes).substr(1));
    NamedKey named;
    named.name = std::string(text.substr(0, first));
    named.key = TRY(PublicKey::from_wire(wire));
    // One spelling only: whatever else decodes to this key is refused.
    if (!note_name_valid(named.name) || key_line(algorithm, named.name, named.key) != text) {
        return bad;
    }
    return named;
}

}  // namespace countersign::crypto
