// The seccomp filter of the jailed tree. execve and execveat are reported to the supervisor and
// wait for it; calls that reach around the jail or into old corners of the kernel are refused (the
// table is in filter.cc); foreign ABIs (x32, i386), which carry the same calls under other numbers,
// end the process. Everything else passes.
//
// The filter is a value, made before fork: installing it in the child is one system call.
#pragma once

#include <linux/filter.h>
#include <vector>

#include "base/result.h"

namespace countersign::jail {

/// A classic BPF program for seccomp(2). Unsupported when libseccomp cannot express it here.
enum class Connects {
    Reported,  ///< connect(2) waits for the supervisor as execve does
    Free
};
Result<std::vector<sock_filter>> make_filter(Connects connects);

}  // namespace countersign::jail
