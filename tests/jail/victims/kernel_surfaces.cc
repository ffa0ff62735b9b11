// Calls that reach around the filter or deep into the kernel.
#include <cerrno>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "victim.h"

namespace {

struct Attempt {
    const char* name;
    long number;
};

constexpr Attempt kAttempts[] = {
    {"io_uring_setup", SYS_io_uring_setup},
    {"io_uring_enter", SYS_io_uring_enter},
    {"io_uring_register", SYS_io_uring_register},
    {"bpf", SYS_bpf},
    {"perf_event_open", SYS_perf_event_open},
    {"userfaultfd", SYS_userfaultfd},
    {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key},
    {"request_key", SYS_request_key},
    {"init_module", SYS_init_module},
    {"finit_module", SYS_finit_module},
    {"kexec_load", SYS_kexec_load},
    {"open_by_handle_at", SYS_open_by_handle_at},
    {"setns", SYS_setns},
    {"reboot", SYS_reboot},
    {"swapon", SYS_swapon},
    {"acct", SYS_acct},
    {"fanotify_init", SYS_fanotify_init},
    {"pivot_root", SYS_pivot_root},
    {"iopl", SYS_iopl},
    {"quotactl", SYS_quotactl},
    {"process_madvise", SYS_process_madvise},
    {"clock_settime", SYS_clock_settime},
    {"sethostname", SYS_sethostname},
    {"syslog", SYS_syslog},
};

}  // namespace

int main() {
    for (const Attempt& attempt : kAttempts) {
        errno = 0;
        // Arguments of zero make most of these fail in the kernel with other errors, so these two
        // errors are the filter's.
        const long result = ::syscall(attempt.number, 0, 0, 0, 0, 0, 0);
        if (result >= 0 || (errno != EPERM && errno != ENOSYS)) {
            victim::escaped(attempt.name);
        }
    }
    victim::prevented();
}
