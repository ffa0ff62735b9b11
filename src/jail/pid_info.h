// What the kernel tells about a process through its pidfd (PIDFD_GET_INFO, Linux 6.13; exit code
// 6.15), with /proc/PID/status for older kernels. Thread safe.
#pragma once

#include <optional>
#include <sys/types.h>

#include "base/result.h"
#include "sys/fd.h"

namespace countersign::jail {

struct PidInfo {
    pid_t process = 0;  ///< thread group
    pid_t parent = 0;
};

/// A pidfd for a thread or process. NotFound when it is gone.
Result<sys::Fd> open_thread(pid_t thread);
/// nullopt: gone.
std::optional<PidInfo> pid_info(const sys::Fd& handle, pid_t thread);

/// It has ended, whether or not somebody has reaped it.
bool has_ended(const sys::Fd& handle);

enum class ExitKnown {
    NotYet,  ///< it runs, or nobody has reaped it
    Never,   ///< this kernel does not tell
    Yes
};
/// Fills `status` as waitpid(2) gives it.
ExitKnown exit_status(const sys::Fd& handle, int& status);

}  // namespace countersign::jail
