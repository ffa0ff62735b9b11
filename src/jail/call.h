// One execve or execveat as the caller spelled it, read from its memory while it waits.
#pragma once

#include <linux/seccomp.h>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace countersign::jail {

struct Call {
    pid_t thread = 0;
    int directory = -100;  ///< descriptor that a relative path starts from; AT_FDCWD
    int flags = 0;         ///< of execveat
    std::string path;
    std::vector<std::string> argv;
    /// Environment that can change what the program does (sys/environment_names.h), PATH included.
    std::map<std::string, std::string> environment;
};

/// LimitExceeded past the bounds of base/limits.h (nothing is cut off: the whole call is refused);
/// InvalidArgument for memory that is not there; PermissionDenied for a caller that cannot be read.
Result<Call> read_call(const seccomp_notif& notification);

}  // namespace countersign::jail
