#include "crypto/sshsig.h"

#include <cstring>

#include "crypto/digest.h"
#include "crypto/sodium.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

constexpr std::string_view kLabel = "SSH SIGNATURE";
constexpr std::string_view kMagic = "SSHSIG";
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kHashWritten = "sha512";

std::string sha512(std::string_view message) {
    std::array<std::byte, crypto_hash_sha512_BYTES> hash{};
    crypto_hash_sha512(raw(hash.data()), raw(message.data()), message.size());
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string sha256_bytes(std::string_view message) {
    const Digest digest = sha256(message);
    return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

/// The two hashes that PROTOCOL.sshsig knows.
struct Hash {
    std::string_view name;
    std::string (*of)(std::string_view);
};
constexpr std::array<Hash, 2> kHashes = {{{kHashWritten, sha512}, {"sha256", sha256_bytes}}};

const Hash* hash_named(std::string_view name) {
    for (const Hash& hash : kHashes) {
        if (hash.name == name) {
            return &hash;
        }
    }
    return nullptr;
}

std::string signed_blob(std::string_view name_space, const Hash& hash, std::string_view message) {
    std::string out(kMagic);
    put_string(out, name_space);
    put_string(out, "");
    put_string(out, hash.name);
    put_string(out, hash.of(message));
    return out;
}

/// The fields of a signature, as views into its decoded bytes:
///   "SSHSIG" uint32 version, string public key, string namespace, string reserved, string hash,
///   string (string type, string signature)
struct Fields {
    std::string_view public_key;
    std::string_view name_space;
    const Hash* hash = nullptr;
    Signature signature{};
};

Result<Fields> parse(std::string_view bytes) {
    const Error malformed(ErrorCode::Malformed, "not an Ed25519 SSH signature (SSHSIG)");
    WireReader in(bytes);
    Fields fields;
    if (!in.literal(kMagic) || in.u32() != kVersion) {
        return malformed;
    }
    fields.public_key = in.string();
    fields.name_space = in.string();
    const std::string_view reserved = in.string();
    fields.hash = hash_named(in.string());
    WireReader inner(in.string());
    const std::string_view type = inner.string();
    const std::string_view signature = inner.string();
    // `reserved` must be ignored by the protocol's words; ours is always empty, and a signature
    // over a filled one would not verify, so it is refused here with a clearer message.
    if (!in.finished() || !inner.finished() || fields.hash == nullptr || !reserved.empty() ||
        type != kSshKeyType || signature.size() != kSignatureBytes) {
        return malformed;
    }
    std::memcpy(fields.signature.data(), signature.data(), kSignatureBytes);
    return fields;
}

}  // namespace

std::string sshsig_sign(const SigningKey& key, std::string_view name_space,
                        std::string_view message) {
    use_sodium();
    const Signature made = key.sign(signed_blob(name_space, kHashes[0], message));
    std::string inner;
    put_string(inner, kSshKeyType);
    put_string(inner, {reinterpret_cast<const char*>(made.data()), made.size()});
    std::string out(kMagic);
    put_u32(out, kVersion);
    put_string(out, key.public_key().wire());
    put_string(out, name_space);
    put_string(out, "");
    put_string(out, kHashWritten);
    put_string(out, inner);
    return armor(kLabel, out);
}

Result<PublicKey> sshsig_signer(std::string_view armored, std::string_view name_space,
                                std::string_view message) {
    use_sodium();
    if (armored.size() > kSshsigBytesMax) {
        return Error(ErrorCode::Malformed, "signature too long");
    }
    const auto bytes = unarmor(kLabel, armored);
    if (!bytes) {
        return Error(ErrorCode::Malformed, "not an armored SSH signature");
    }
    const Fields fields = TRY(parse(*bytes));
    const PublicKey key = TRY(PublicKey::from_wire(fields.public_key));
    if (fields.name_space != name_space) {
        return Error(ErrorCode::PermissionDenied,
                     "the signature was made for another purpose (namespace)");
    }
    if (!verify(key, signed_blob(name_space, *fields.hash, message), fields.signature)) {
        return Error(ErrorCode::PermissionDenied, "the signature does not fit the text");
    }
    return key;
}

Result<void> sshsig_verify(const PublicKey& key, std::string_view armored,
                           std::string_view name_space, std::string_view message) {
    const PublicKey signer = TRY(sshsig_signer(armored, name_space, message));
    if (!(signer == key)) {
        return Error(ErrorCode::PermissionDenied, "the signature was made with another key");
    }
    return {};
}

}  // namespace countersign::crypto
