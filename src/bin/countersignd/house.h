// Everything that lives as long as the gateway, in the order in which it is made: lock, keys,
// store, log, policy, sockets, gate. serve.h builds one, confines the process and serves; a test
// builds one in its own process.
//
// The order of calls is the order of the members below. What comes after open_sockets() looks at
// what earlier callers left behind, so a real gateway confines itself between that and open_gate().
// Not thread safe, but for stop().
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/machine.h"
#include "api/server.h"
#include "audit/files.h"
#include "audit/log.h"
#include "base/result.h"
#include "bin/countersignd/configuration.h"
#include "crypto/digest.h"
#include "gate/gate.h"
#include "policy/policy.h"
#include "store/store.h"
#include "sys/files.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"

namespace countersign::bin {

/// Where a gateway keeps its things, as sys/paths.h finds them in the environment.
struct Directories {
    std::string state;
    std::string configuration;
    std::string runtime;
};

class House {
public:
    /// Makes the directories that are missing, takes the lock, opens what is on disk.
    /// AlreadyExists: another gateway uses the state directory; Corrupt, Malformed, Io as the rooms
    /// give them.
    Result<void> open_state();
    /// Binds the sockets; errors as api::Server::open().
    Result<void> open_sockets();
    /// Takes up the earlier run; errors as gate::Gate::open().
    Result<void> open_gate();
    /// Serves until a signal or stop(), then closes the record. Gives the reason.
    std::string serve();
    /// From any thread, after open_sockets().
    void stop() { server_->stop(); }

    [[nodiscard]] const Directories& directories() const { return directories_; }

private:
    Directories directories_;
    sys::RealClock clock_;
    sys::RealRandom random_;
    api::RealMachine machine_;
    std::optional<sys::FileLock> lock_;
    Configuration configuration_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<audit::Files> files_;
    std::unique_ptr<audit::Log> log_;
    std::optional<DirectoryPolicies> policy_files_;
    /// Shared with every evaluator that is made from it.
    std::shared_ptr<const policy::Policy> policy_;
    crypto::Digest operator_token_;
    std::string redaction_key_;
    std::string user_name_;
    std::unique_ptr<api::Server> server_;
    std::unique_ptr<gate::Gate> gate_;
};

}  // namespace countersign::bin
