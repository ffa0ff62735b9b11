// Supervises one process tree: nothing in it starts a program that the gateway has not released.
// seccomp user notification on execve and execveat holds the caller until the answer; descendants
// inherit the filter and cannot drop it. Knows no policy and no store: it asks over the API.
//
// This room and sys/ are the only ones that make raw system calls. Works without root on Linux 5.13
// and newer. Thread safety: run() may be called once at a time per process. It blocks INT, TERM,
// HUP, QUIT, USR1 and USR2 in the calling thread and hands them on to the tree; other threads that
// the process started before must have them blocked too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "jail/weakening.h"
#include "model/action.h"

namespace countersign::jail {

class Stage;

/// Told about everything that happens, for display. Calls come one at a time, from several threads;
/// they must not block. The arguments stay valid during the call.
class Observer {
public:
    virtual ~Observer() = default;
    /// An action has been answered finally (granted, denied, expired).
    virtual void decided(const model::ActionRequest& request,
                         const client::ActionAnswer& answer) = 0;
    /// An action is held; decided() follows when it ends.
    virtual void held(const model::ActionRequest& request, const client::ActionAnswer& answer) = 0;
};

/// What the tree may reach; the machine's own network is a weakening (weakening.h).
enum class Network {
    Gated,  ///< loopback of its own; every destination outside is an action of its own (TCP)
    None    ///< loopback of its own only
};

/// What of the machine's files the tree can read, beside its own places.
enum class Reading {
    Everything,  ///< but what is hidden
    Listed       ///< RunOptions::readable
};

/// Bounds of the whole tree. 0 is none of our own.
struct Limits {
    /// Processes and threads at one time; at least 301 (the kernel's least pid_max). As root it
    /// holds on Linux 6.14 and newer only.
    long processes = 8192;
    std::uint64_t temporary_bytes = 0;  ///< of each private place: /tmp, /var/tmp, /dev/shm

    bool operator==(const Limits&) const = default;
};

struct RunOptions {
    std::vector<std::string> argv;
    std::string directory;      ///< absolute working directory of the agent
    std::string workspace;      ///< absolute; writable inside
    std::string agent_socket;   ///< of the gateway
    std::string session_token;  ///< given to the agent as COUNTERSIGN_SESSION
    std::string session_id;
    model::AgentIdentity agent;
    std::string home;
    /// Directory of an overlay stage (stage.h), with "upper" and "work" in it: the workspace itself
    /// stays as it is. Empty: the tree writes into the workspace. The caller holds the Stage.
    std::string stage;
    /// A snapshot (stage.h) into which what actions may change in the workspace is copied before
    /// they start; nullptr: nothing is. Not owned.
    Stage* saves = nullptr;
    Network network = Network::Gated;
    Reading reading = Reading::Everything;
    std::vector<std::string>
        readable;  ///< for Reading::Listed; absolute, what is missing is skipped
    Limits limits;
    /// What the tree gets beyond all this.
    std::vector<Weakening> weakenings;
    /// Weakening::text() of each, as the gateway has it in the session's start: run() refuses when
    /// they differ.
    std::vector<std::string> recorded_weakenings;
    /// Paths that vanish inside (empty, read-only in their place): the gateway's state, config and
    /// operator socket, approvers' keys.
    std::vector<std::string> hidden;
    Observer* observer = nullptr;  ///< may be nullptr; not owned
};

struct RunReport {
    int exit_code = 0;  ///< of argv; 128+signal; 126 when it was not permitted
    long actions = 0;
    long allowed = 0;  ///< without a question
    long held = 0;     ///< asked a person
    long denied = 0;
    Duration duration{};
};

/// Runs the tree to its end. Conflict when the weakenings are not those of the record; Unsupported
/// (naming what is missing) before anything runs when the kernel lacks what is needed; Unavailable
/// when the gateway cannot be asked. If the supervisor dies, the kernel kills the tree.
Result<RunReport> run(const RunOptions& options);

/// What this kernel offers and so what run() enforces, one line each, for `doctor`.
struct Feature {
    std::string name;
    bool available = false;
    bool required = false;
    std::string detail;
};
std::vector<Feature> features();

}  // namespace countersign::jail
