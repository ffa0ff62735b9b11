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
    bool seccomp_sync_wake_up = false;   ///< SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (Linux 6.6)
    bool network_cookies = false;        ///< SO_NETNS_COOKIE (Linux 5.14)
    bool user_overlay = false;           ///< overlayfs in a user namespace (Linux 5.11)
    bool pid_namespace_size = false;     ///< pid_max per PID namespace (Linux 6.14)
};

/// What a run cannot do without: all down to pid_file_descriptors; the others stay false. Starts a
/// short-lived child of this process to try; a millisecond.
KernelFeatures probe_kernel();
/// Everything; some milliseconds.
KernelFeatures probe_whole_kernel();
/// Only the seccomp members, without starting anything.
KernelFeatures probe_seccomp();

}  // namespace countersign::sys
