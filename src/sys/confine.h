// Confines the calling process, irrevocably and inherited: Landlock for files (landlock(7)), and a
// seccomp filter without execve for processes that never start a program. The jail builds its own,
// larger filter; this is what the gateway puts on itself.
//
// Call before the first thread starts: both restrict the calling thread and its later children.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace countersign::sys {

/// What the files below a path may be used for. A path that does not exist is skipped.
struct FileAccess {
    enum class Use {
        Read,     ///< read files, list directories
        Execute,  ///< Read, and start programs
        Write     ///< Read, and create, change, delete, rename, make sockets
    };
    std::string path;
    Use use = Use::Read;
};

/// 0 when the kernel has no Landlock, else its ABI version (1 is Linux 5.13).
int landlock_version();

enum class Scope {
    None,
    /// Neither signals nor abstract Unix sockets reach out of the restricted tree (ABI 6; without
    /// it in older kernels).
    SignalsAndAbstractSockets
};

/// From now on files can be used as `allowed` says and not otherwise. Sets no_new_privs.
/// Unsupported when the kernel has no Landlock: nothing is restricted then.
Result<void> restrict_files(const std::vector<FileAccess>& allowed, Scope scope = Scope::None);

/// The same between clone and exec, where nothing may allocate: 0, or the error number of what
/// failed. ENOSYS: no Landlock.
int restrict_files_in_child(const std::vector<FileAccess>& allowed, Scope scope);

/// From now on execve and execveat end the process (SIGSYS), and ptrace, process_vm_writev, bpf,
/// io_uring, userfaultfd, kernel modules and foreign ABIs fail or end it. Sets no_new_privs.
Result<void> forbid_program_starts();

}  // namespace countersign::sys
