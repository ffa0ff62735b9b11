// Takes a descriptor out of another process.
#include <signal.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
    }
    const long handle = ::syscall(SYS_pidfd_open, child, 0);
    const bool done = ::syscall(SYS_pidfd_getfd, handle, 0, 0) >= 0;
    ::kill(child, SIGKILL);
    done ? victim::escaped("taken") : victim::prevented();
}
