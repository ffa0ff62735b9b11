// Ed25519 keys (RFC 8032) and their OpenSSH spellings: the key file "openssh-key-v1" (PROTOCOL.key
// of OpenSSH; written and read unencrypted) and the one-line public key. Bytes in, bytes out: who
// stores a key file writes it with mode 0600.
//
// Thread safety: values. A SigningKey wipes its memory when it goes.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace countersign::crypto {

inline constexpr std::size_t kPublicKeyBytes = 32;
inline constexpr std::size_t kSignatureBytes = 64;
/// How an Ed25519 key is named in every OpenSSH format.
inline constexpr std::string_view kSshKeyType = "ssh-ed25519";

struct PublicKey {
    std::array<std::byte, kPublicKeyBytes> bytes{};

    bool operator==(const PublicKey&) const = default;
    /// "ssh-ed25519 AAAA..." with " comment" behind it when `comment` is not empty.
    [[nodiscard]] std::string line(std::string_view comment = {}) const;
    /// "SHA256:<base64 without padding>", as `ssh-keygen -l` prints it.
    [[nodiscard]] std::string fingerprint() const;
    /// The wire form: string "ssh-ed25519", string key (RFC 8709).
    [[nodiscard]] std::string wire() const;

    /// Reads "ssh-ed25519 AAAA... [comment]"; one line, a final newline may stand. Malformed:
    /// anything else, other key types and weak (small-order) keys included.
    static Result<PublicKey> from_line(std::string_view line);
    /// Malformed: not exactly the wire form.
    static Result<PublicKey> from_wire(std::string_view wire);
};

using Signature = std::array<std::byte, kSignatureBytes>;

/// Whether `signature` is the key's over `message`. Strict: small-order keys and non-canonical
/// signatures are refused (libsodium's rules).
bool verify(const PublicKey& key, std::string_view message, const Signature& signature);

class SigningKey {
public:
    static SigningKey generate(Random& random);
    /// Reads an unencrypted OpenSSH key file with one Ed25519 key. Unsupported: encrypted (the hint
    /// says how to go on). Malformed: anything else, or halves that do not belong together.
    static Result<SigningKey> from_openssh(std::string_view file);

    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    ~SigningKey();

    /// The key file's bytes. Holds the secret: the caller writes it with mode 0600 and nowhere
    /// else.
    [[nodiscard]] std::string to_openssh(std::string_view comment, Random& random) const;
    [[nodiscard]] const PublicKey& public_key() const { return public_; }
    [[nodiscard]] Signature sign(std::string_view message) const;

private:
    SigningKey() = default;
    void wipe();

    std::array<std::byte, 64> secret_{};  ///< seed and public key, as libsodium keeps them
    PublicKey public_;
};

}  // namespace countersign::crypto
