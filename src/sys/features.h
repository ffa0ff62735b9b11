// What this kernel and this user's rights offer, found out by trying harmlessly. Used by `doctor`
// and by the jail before it starts anything. Thread safe.
#pragma once

namespace countersign::sys {

struct KernelFeatures {
    int landlock_version = 0;            ///< 0: none
    bool seccomp_filter = false;         ///< filter mode
    bool seccomp_notification = false;   ///< SECCOMP_RET_USER_NOTIF (Linux 5.0)
    bool seccomp_continue = false;       ///< SECCOMP_USER_NOTIF_FLAG_CONTINUE (Linux 5.5)
    bool seccomp_wait_killable = false;  ///< SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19)
    bool user_namespaces = false;        ///< this user may make one and be root in it
    bool pid_file_descriptors = false;   ///< pidfd_open (Linux 5.3)
};

/// Starts a short-lived child of this process to try; a millisecond.
KernelFeatures probe_kernel();
/// Only the seccomp members, without starting anything.
KernelFeatures probe_seccomp();

}  // namespace countersign::sys
