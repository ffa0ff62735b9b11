#include "crypto/cosignature.h"

#include <cstring>
#include <utility>

#include "crypto/key_line.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

constexpr std::size_t kTimeBytes = 8;

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
    return note_key_id(NoteAlgorithm::Cosignature, name, key);
}

std::string WitnessKey::text() const {
    return key_line(NoteAlgorithm::Cosignature, name, key);
}

Result<WitnessKey> WitnessKey::parse(std::string_view text) {
    NamedKey named = TRY(parse_key_line(NoteAlgorithm::Cosignature, text,
                                        "not a witness key \"name+id+base64\" (Ed25519, type 4)"));
    return WitnessKey{std::move(named.name), named.key};
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
