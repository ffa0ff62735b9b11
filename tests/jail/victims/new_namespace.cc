// A user namespace of its own would make it root there, with mounts and filters of its own.
#include <csignal>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    for (const int flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                           CLONE_NEWUTS, CLONE_NEWCGROUP}) {
        if (::unshare(flag) == 0 || ::unshare(flag | CLONE_FS) == 0) {
            victim::escaped("unshare");
        }
        const long child = ::syscall(SYS_clone, flag | SIGCHLD, nullptr, nullptr, nullptr, 0);
        if (child == 0) {
            ::_exit(0);
        }
        if (child > 0) {
            victim::escaped("clone");
        }
    }
    clone_args arguments{};
    arguments.flags = CLONE_NEWUSER;
    arguments.exit_signal = SIGCHLD;
    const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) {
        ::_exit(0);
    }
    child > 0 ? victim::escaped("clone3") : victim::prevented();
}
