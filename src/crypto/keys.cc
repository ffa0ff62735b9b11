#include "crypto/keys.h"

#include <cstring>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/sodium.h"
#include "crypto/ssh_wire.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

constexpr std::string_view kFileLabel = "OPENSSH PRIVATE KEY";
constexpr std::string_view kFileMagic("openssh-key-v1\0", 15);
/// Block size of the cipher "none", to which the private section is padded.
constexpr std::size_t kFileBlock = 8;

static_assert(crypto_sign_PUBLICKEYBYTES == kPublicKeyBytes);
static_assert(crypto_sign_SECRETKEYBYTES == 64);
static_assert(crypto_sign_BYTES == kSignatureBytes);

template <std::size_t N>
std::string_view view(const std::array<std::byte, N>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), N};
}

Error malformed_file(const char* what) {
    return {ErrorCode::Malformed, std::string("not an OpenSSH Ed25519 key file: ") + what};
}

/// Padding is 1, 2, 3 ...; other bytes would be a second spelling of the same key.
bool padding_ok(std::string_view padding) {
    if (padding.size() >= kFileBlock) {
        return false;
    }
    for (std::size_t i = 0; i < padding.size(); ++i) {
        if (static_cast<unsigned char>(padding[i]) != i + 1) {
            return false;
        }
    }
    return true;
}

/// The private section of a key file with one Ed25519 key:
///   uint32 check, uint32 check, string type, string public, string seed||public, string comment,
///   padding
Result<std::string_view> secret_of(std::string_view section) {
    WireReader in(section);
    const std::uint32_t first = in.u32();
    const std::uint32_t second = in.u32();
    if (in.string() != kSshKeyType || first != second) {
        return malformed_file("the private section is damaged or of another key type");
    }
    const std::string_view public_key = in.string();
    const std::string_view secret = in.string();
    in.string();
    if (!in.ok() || public_key.size() != kPublicKeyBytes || secret.size() != 64 ||
        secret.substr(32) != public_key || !padding_ok(in.rest())) {
        return malformed_file("the private section is damaged");
    }
    return secret;
}

}  // namespace

std::string PublicKey::wire() const {
    std::string out;
    put_string(out, kSshKeyType);
    put_string(out, view(bytes));
    return out;
}

std::string PublicKey::line(std::string_view comment) const {
    std::string out = std::string(kSshKeyType) + " " + text::to_base64(text::bytes_of(wire()));
    if (!comment.empty()) {
        out += " " + std::string(comment);
    }
    return out;
}

std::string PublicKey::fingerprint() const {
    std::string base64 = text::to_base64(sha256(wire()).bytes);
    while (base64.ends_with('=')) {
        base64.pop_back();
    }
    return "SHA256:" + base64;
}

Result<PublicKey> PublicKey::from_wire(std::string_view wire) {
    use_sodium();
    WireReader in(wire);
    const std::string_view type = in.string();
    const std::string_view key = in.string();
    if (!in.finished() || type != kSshKeyType || key.size() != kPublicKeyBytes) {
        return Error(ErrorCode::Malformed, "not an ssh-ed25519 public key");
    }
    // Refuses keys off the curve, of small order, and in non-canonical spelling: for such keys a
    // signature can be valid for many messages or many keys.
    if (crypto_core_ed25519_is_valid_point(raw(key.data())) == 0) {
        return Error(ErrorCode::Malformed, "not a sound Ed25519 public key");
    }
    PublicKey out;
    std::memcpy(out.bytes.data(), key.data(), kPublicKeyBytes);
    return out;
}

Result<PublicKey> PublicKey::from_line(std::string_view line) {
    if (line.ends_with('\n')) {
        line.remove_suffix(1);
    }
    const Error malformed(ErrorCode::Malformed,
                          "not a public key line \"ssh-ed25519 AAAA... [comment]\"",
                          "make a key with: ssh-keygen -t ed25519");
    const std::string start = std::string(kSshKeyType) + " ";
    if (line.size() > limits::kKeyFileBytesMax || !line.starts_with(start) ||
        line.find('\n') != std::string_view::npos) {
        return malformed;
    }
    line.remove_prefix(start.size());
    const auto wire = text::from_base64(line.substr(0, line.find(' ')));
    if (!wire) {
        return malformed;
    }
    return from_wire(*wire);
}

bool verify(const PublicKey& key, std::string_view message, const Signature& signature) {
    use_sodium();
    return crypto_sign_verify_detached(raw(signature.data()), raw(message.data()), message.size(),
                                       raw(key.bytes.data())) == 0;
}

SigningKey SigningKey::generate(Random& random) {
    use_sodium();
    std::array<std::byte, 32> seed{};
    random.fill(seed);
    SigningKey key;
    CHECK(crypto_sign_seed_keypair(raw(key.public_.bytes.data()), raw(key.secret_.data()),
                                   raw(seed.data())) == 0);
    sodium_memzero(seed.data(), seed.size());
    return key;
}

Result<SigningKey> SigningKey::from_openssh(std::string_view file) {
    use_sodium();
    if (file.size() > limits::kKeyFileBytesMax) {
        return malformed_file("too long");
    }
    auto bytes = unarmor(kFileLabel, file);
    if (!bytes) {
        return malformed_file("no armor of that kind");
    }
    WireReader in(*bytes);
    if (!in.literal(kFileMagic)) {
        return malformed_file("another version");
    }
    const std::string_view cipher = in.string();
    in.string();  // key derivation and its options, empty when nothing is encrypted
    in.string();
    if (in.ok() && cipher != "none") {
        return Error(ErrorCode::Unsupported, "the key file is encrypted",
                     "decrypt a copy with: ssh-keygen -p -N '' -f FILE");
    }
    const std::uint32_t count = in.u32();
    const std::string_view wire = in.string();
    const std::string_view section = in.string();
    if (!in.finished() || count != 1) {
        return malformed_file("it must hold exactly one key");
    }
    const std::string_view secret = TRY(secret_of(section));
    SigningKey key;
    CHECK(crypto_sign_seed_keypair(raw(key.public_.bytes.data()), raw(key.secret_.data()),
                                   raw(secret.data())) == 0);
    const bool consistent = view(key.secret_) == secret && key.public_.wire() == wire;
    sodium_memzero(bytes->data(), bytes->size());
    if (!consistent) {
        return malformed_file("its halves do not belong together");
    }
    return key;
}

std::string SigningKey::to_openssh(std::string_view comment, Random& random) const {
    std::array<std::byte, 4> check{};
    random.fill(check);
    std::string section = std::string(view(check)) + std::string(view(check));
    put_string(section, kSshKeyType);
    put_string(section, view(public_.bytes));
    put_string(section, view(secret_));
    put_string(section, comment);
    for (char pad = 1; section.size() % kFileBlock != 0; ++pad) {
        section += pad;
    }
    std::string out(kFileMagic);
    put_string(out, "none");
    put_string(out, "none");
    put_string(out, "");
    put_u32(out, 1);
    put_string(out, public_.wire());
    put_string(out, section);
    std::string file = armor(kFileLabel, out);
    sodium_memzero(section.data(), section.size());
    sodium_memzero(out.data(), out.size());
    return file;
}

Signature SigningKey::sign(std::string_view message) const {
    use_sodium();
    Signature signature{};
    crypto_sign_detached(raw(signature.data()), nullptr, raw(message.data()), message.size(),
                         raw(secret_.data()));
    return signature;
}

void SigningKey::wipe() {
    sodium_memzero(secret_.data(), secret_.size());
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(other.secret_), public_(other.public_) {
    other.wipe();
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
    if (this != &other) {
        secret_ = other.secret_;
        public_ = other.public_;
        other.wipe();
    }
    return *this;
}

SigningKey::~SigningKey() {
    wipe();
}

}  // namespace countersign::crypto
