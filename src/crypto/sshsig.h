// SSHSIG: signatures of files with SSH keys (PROTOCOL.sshsig of OpenSSH), Ed25519 only, armored.
// What is signed here, `ssh-keygen -Y verify` accepts, and the other way round.
//
//   signed blob: "SSHSIG" string(namespace) string("") string("sha512") string(SHA-512(message))
//
// The namespace keeps a signature made for one purpose from counting for another. Pure; thread
// safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/keys.h"

namespace countersign::crypto {

/// Longest armored signature that we read; ours has some 300 bytes.
inline constexpr std::size_t kSshsigBytesMax = 4096;

/// The armored signature, "-----BEGIN SSH SIGNATURE-----" to its end line and newline.
std::string sshsig_sign(const SigningKey& key, std::string_view name_space,
                        std::string_view message);

/// The key that made the signature, after the signature has been verified over `message` in
/// `name_space`. The caller still decides whether that key may sign. Malformed: not an Ed25519
/// SSHSIG. PermissionDenied: another namespace, or it does not verify.
Result<PublicKey> sshsig_signer(std::string_view armored, std::string_view name_space,
                                std::string_view message);

/// Success only when `key` itself made the signature; errors as above, PermissionDenied when
/// another key did.
Result<void> sshsig_verify(const PublicKey& key, std::string_view armored,
                           std::string_view name_space, std::string_view message);

}  // namespace countersign::crypto
