#include "crypto/cosignature.h"

#include <cstring>

#include "crypto/digest.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

/// Signature type of an Ed25519 cosignature in a key id and in a verifier key.
constexpr char kCosignature = 0x04;
constexpr std::size_t kTimeBytes = 8;

std::string tagged(const PublicKey& key) {
    return std::string(1, kCosignature) +
           std::string(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
}

std::string signed_text(std::string_view text, std::uint64_t seconds) {
    return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

std::string put_time(std::uint64_t seconds) {
    std::string out;
    put_u32(out, static_cast<std::uint32_t>(seconds >> 32U));
    put_u32(out, static_cast<std::uint32_t>(seconds));
    return out;
}

}  // namespace

std::uint32_t WitnessKey::key_id() const {
    const Digest digest = Sha256().update(name).update("\n").update(tagged(key)).finish();
    return WireReader({reinterpret_cast<const char*>(digest.bytes.data()), 4}).u32();
}

std::string WitnessKey::text() const {
    std::string id;
    put_u32(id, key_id());
    return name + "+" + text::to_hex(text::bytes_of(id)) + "+" +
           text::to_base64(text::bytes_of(tagged(key)));
}

Result<WitnessKey> WitnessKey::parse(std::string_view text) {
    const Error bad(ErrorCode::Malformed, "not a witness key \"name+id+base64\" (Ed25519, type 4)");
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (text.size() > kNoteBytesMax || second == std::string_view::npos) {
        return bad;
    }
    const auto bytes = text::from_base64(text.substr(second + 1));
    if (!bytes || bytes->size() != 1 + kPublicKeyBytes || bytes->front() != kCosignature) {
        return bad;
    }
    std::string wire;
    put_string(wire, kSshKeyType);
    put_string(wire, std::string_view(*bytes).substr(1));
    WitnessKey witness;
    witness.name = std::string(text.substr(0, first));
    witness.key = TRY(PublicKey::from_wire(wire));
    if (!note_name_valid(witness.name) || witness.text() != text) {
        return bad;
    }
    return witness;
}

std::optional<std::uint64_t> verify_cosignature(const WitnessKey& witness, std::string_view text,
                                                const NoteSignature& signature) {
    if (signature.name != witness.name || signature.key_id != witness.key_id() ||
        signature.signature.size() != kTimeBytes + kSignatureBytes) {
        return std::nullopt;
    }
    WireReader reader(signature.signature);
    const std::uint64_t high = reader.u32();
    const std::uint64_t seconds = high << 32U | reader.u32();
    Signature bytes{};
    std::memcpy(bytes.data(), reader.rest().data(), bytes.size());
    const bool good = verify(witness.key, signed_text(text, seconds), bytes);
    return good ? std::optional(seconds) : std::nullopt;
}

Result<std::string> cosign(std::string_view text, std::string_view name, const SigningKey& key,
                           std::uint64_t seconds) {
    if (!note_name_valid(name)) {
        return Error(ErrorCode::InvalidArgument,
                     "a key name must be non-empty without white space and \"+\"");
    }
    const WitnessKey self{std::string(name), key.public_key()};
    const Signature made = key.sign(signed_text(text, seconds));
    std::string bytes;
    put_u32(bytes, self.key_id());
    bytes += put_time(seconds);
    bytes.append(reinterpret_cast<const char*>(made.data()), made.size());
    return "\xE2\x80\x94 " + self.name + " " + text::to_base64(text::bytes_of(bytes)) + "\n";
}

}  // namespace countersign::crypto
