// The two processes on the inside: the first process of the PID namespace (init), which builds the
// view, gives up its powers, reaps orphans and hands signals on; and its child, which installs the
// filter and becomes the agent.
//
// Both are copies of the supervisor made with clone(2) while it may have threads, so from clone to
// exec they make system calls on prepared data only: no allocation, no lock, no libc state.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "jail/plan.h"
#include "sys/fd.h"

namespace countersign::jail {

/// What the inside tells the supervisor: one message each over a SOCK_SEQPACKET pair.
struct ChildMessage {
    enum class Kind : std::int32_t {
        Failed,      ///< `step` went wrong with `error`; the child is gone
        Listener,    ///< listener, root directory and name server socket ride along (SCM_RIGHTS)
        ExecFailed,  ///< the agent could not be started; `error` says why
        Ended        ///< the agent has ended with `status` as waitpid(2) gives it
    };
    Kind kind = Kind::Failed;
    std::int32_t step = 0;
    std::int32_t error = 0;
    std::int32_t status = 0;
};

/// Where the set-up can fail.
enum class ChildStep : std::int32_t {
    Mounts,
    Network,
    Limits,
    Privileges,
    Landlock,
    Agent,
    Filter,
    Directory
};

/// Everything that the inside needs, prepared. Must stay alive until start_child returns.
struct ChildPlan {
    Plan view;
    enum class NetworkNamespace { Own, Machine } network = NetworkNamespace::Own;
    Limits limits;
    std::string processes_text;  ///< limits.processes in digits, for sysctl
    std::vector<sock_filter> filter;
    std::string directory;
    std::vector<std::string> candidates;  ///< paths to try as the program, in order
    std::vector<std::string> argv;
    std::vector<std::string> environment;
};

struct Child {
    pid_t init = -1;  ///< pid of the namespace's first process, as we see it
    sys::Fd handle;   ///< pidfd of init
    sys::Fd control;  ///< receives ChildMessages
};

/// Starts the inside and maps its user and group (identity, one each). It waits for nothing more
/// and will send a Listener message or Failed. Unsupported when namespaces are not allowed here.
Result<Child> start_child(const ChildPlan& plan);

/// One message and, for Listener, its descriptors. NotFound: the inside is gone without a word.
struct Received {
    ChildMessage message;
    sys::Fd listener;
    sys::Fd root;      ///< of the tree as it sees it (O_PATH)
    sys::Fd resolver;  ///< UDP 127.0.0.1:53 of the tree's own network; none in the machine's
};
Result<Received> receive_message(const sys::Fd& control);

/// "mounting /tmp: Permission denied" for a Failed message.
Error child_error(const ChildPlan& plan, const ChildMessage& message);

}  // namespace countersign::jail
