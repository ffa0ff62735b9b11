// What the gateway is configured with: `countersignd.toml` and `policies/*.toml` in the
// configuration directory (docs/guide/configuration.md). Every member has a default; an unknown one
// is an error, since a mistyped setting must not be passed over in silence.
//
//   [gateway]
//   port = 7420            # 0..65535 loopback port for browsers; 0: any free one
//   browser = true         # false: no TCP listener
//   origin = "..."         # names this log in checkpoints; default countersign.local/<host name>
//   log_level = "info"     # debug, info, warning, error
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "gate/policy_files.h"
#include "policy/policy.h"

namespace countersign::bin {

struct Configuration {
    std::optional<std::uint16_t> port = 7420;  ///< nullopt: no TCP listener
    std::string origin;
    log::Level log_level = log::Level::Info;
    std::string digest;  ///< "sha256:<hex>" over the file's bytes; of nothing when there is none
};

/// Malformed with file and line; Io.
Result<Configuration> read_configuration(const std::string& directory,
                                         const std::string& host_name);

/// The built-in policy and the directory's *.toml in the order of their names on top. A file named
/// default.toml takes the built-in one's place. A missing directory is an empty one.
Result<std::vector<policy::Source>> policy_sources(const std::string& directory);

/// The policy files of a directory, for the gate to read again.
class DirectoryPolicies final : public gate::PolicyFiles {
public:
    explicit DirectoryPolicies(std::string directory) : directory_(std::move(directory)) {}
    Result<policy::Policy> load() override;

private:
    std::string directory_;
};

}  // namespace countersign::bin
