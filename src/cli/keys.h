// Approvers' private keys as files of the person: OpenSSH format, Ed25519, unencrypted, mode 0600,
// by default <config>/keys/NAME with NAME.pub beside it. Existing ssh-ed25519 keys serve as well.
// Agents under `run` cannot see them: the jail hides the configuration directory.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/world.h"
#include "crypto/keys.h"

namespace countersign::cli {

/// Who votes, and the key that signs.
struct Signer {
    std::string name;
    crypto::SigningKey key;
};

std::string key_directory(const client::Locations& locations);

/// The signer that --as and --key name, or that is plain without them: the login name when it has a
/// key, else the only key there is. NotFound with a hint how to make one; PermissionDenied when
/// others may read the key file, as ssh does.
Result<Signer> find_signer(World& world, const Arguments& arguments);

/// Makes a key for `name` and writes FILE (0600) and FILE.pub (0644). AlreadyExists when FILE is
/// there: keys are never overwritten. Gives the private key's path.
Result<std::string> create_key(World& world, const std::string& name, const std::string& file);

struct KeyEntry {
    std::string name;
    std::string fingerprint;
    std::string file;
};
std::vector<KeyEntry> list_keys(World& world);

/// The public line for an approver: of the file when given, else of the person's own key file.
Result<std::string> public_line(World& world, const std::string& name,
                                const std::optional<std::string>& file);

/// A name that may become a file name: letters, digits, ". _ - @", not beginning with a dot or
/// dash. InvalidArgument otherwise.
Result<void> check_person_name(const std::string& name);

}  // namespace countersign::cli
