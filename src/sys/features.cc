#include "sys/features.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/confine.h"
#include "sys/fd.h"
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

/// Tries in a child, whose namespaces and filters go with it. Not fork(): what libraries do after
/// it (ThreadSanitizer's starts a thread) could keep the child from making a user namespace, which
/// unshare(2) refuses to processes of several threads. The child makes system calls only.
template <class Try>
bool succeeds_in_child(Try attempt) {
    const auto child =
        static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (child == 0) {
        ::_exit(attempt() ? 0 : 1);
    }
    int status = 1;
    if (child < 0 || ::waitpid(child, &status, 0) != child) {
        return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool make_namespaces() {
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) == 0;
}

bool write_text(const char* path, const std::string& text) {
    const Fd fd(::open(path, O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool mount_user_overlay() {
    const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
    const std::string group = "0 " + std::to_string(::getegid()) + " 1";
    return make_namespaces() && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", user) && write_text("/proc/self/gid_map", group) &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr) == 0 && ::mkdir("/tmp/l", 0700) == 0 &&
           ::mkdir("/tmp/u", 0700) == 0 && ::mkdir("/tmp/w", 0700) == 0 &&
           ::mount("overlay", "/tmp/l", "overlay", 0,
                   "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr") == 0;
}

bool set_sync_wake_up() {
    constexpr unsigned long kSetFlags = _IOW('!', 4, std::uint64_t);
    constexpr std::uint64_t kSyncWakeUp = 1;
    sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const sock_fprog program{1, &allow};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return false;
    }
    const Fd listener(static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                                 SECCOMP_FILTER_FLAG_NEW_LISTENER, &program)));
    return listener && ::ioctl(listener.get(), kSetFlags, kSyncWakeUp) == 0;
}

bool has_network_cookies() {
    constexpr int kNetworkCookie = 71;  // SO_NETNS_COOKIE
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    return ::getsockopt(probe.get(), SOL_SOCKET, kNetworkCookie, &cookie, &size) == 0;
}

/// Nothing but the version tells: the file is there, and the machine's own, before.
bool sizes_pid_namespaces() {
    utsname name{};
    int major = 0;
    int minor = 0;
    // NOLINTNEXTLINE(cert-err34-c) what is no number leaves 0: an old kernel
    return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 14));
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
    out.user_namespaces = succeeds_in_child(make_namespaces);
    out.pid_file_descriptors = open_process(process_id()).ok();
    return out;
}

KernelFeatures probe_whole_kernel() {
    KernelFeatures out = probe_kernel();
    out.user_overlay = succeeds_in_child(mount_user_overlay);
    out.seccomp_sync_wake_up = succeeds_in_child(set_sync_wake_up);
    out.network_cookies = has_network_cookies();
    out.pid_namespace_size = sizes_pid_namespaces();
    return out;
}

}  // namespace countersign::sys
