// A seccomp filter of its own that allows everything, and a listener of its own.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program = {1, allow};
    ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                  &program) >= 0) {
        victim::escaped("a second listener");
    }
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    ::execve(victim::kForbidden, argv, argv + 1);
    victim::prevented();
}
