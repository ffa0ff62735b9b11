#include "sys/features.h"

#include <cerrno>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/confine.h"
#include "sys/process.h"

namespace countersign::sys {
namespace {

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
constexpr unsigned kWaitKillable = 1U << 5;
#else
constexpr unsigned kWaitKillable = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
#endif

bool action_available(unsigned action) {
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/// seccomp(2): a null program with flags that are known gives EFAULT, unknown ones EINVAL.
bool flags_known(unsigned flags) {
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) != 0 && errno == EFAULT;
}

bool can_make_user_namespace() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) == 0 ? 0 : 1);
    }
    int status = 1;
    if (child < 0 || ::waitpid(child, &status, 0) != child) {
        return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

KernelFeatures probe_seccomp() {
    KernelFeatures out;
    out.seccomp_filter = action_available(SECCOMP_RET_ERRNO);
    out.seccomp_notification = action_available(SECCOMP_RET_USER_NOTIF);
    // CONTINUE came with 5.5 and has no probe of its own; the ESRCH-on-exit flag of 5.7 does.
    out.seccomp_continue = out.seccomp_notification && flags_known(SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
    out.seccomp_wait_killable = flags_known(SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable);
    return out;
}

KernelFeatures probe_kernel() {
    KernelFeatures out = probe_seccomp();
    out.landlock_version = landlock_version();
    out.user_namespaces = can_make_user_namespace();
    out.pid_file_descriptors = open_process(process_id()).ok();
    return out;
}

}  // namespace countersign::sys
