// The first process is a copy of the supervisor: its memory, environment and descriptors are not
// for the tree.
#include <fcntl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    for (const char* path : {"/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/auxv"}) {
        char byte = 0;
        const int fd = ::open(path, O_RDONLY);
        if (fd >= 0 && ::read(fd, &byte, 1) > 0) {
            victim::escaped(path);
        }
    }
    // Root may list the numbers; what stands behind them must stay closed.
    for (int number = 0; number < 64; ++number) {
        char path[64];
        std::snprintf(path, sizeof path, "/proc/1/fd/%d", number);
        if (::open(path, O_RDONLY) >= 0 || ::readlink(path, path, sizeof path) > 0) {
            victim::escaped("/proc/1/fd");
        }
    }
    if (::access("/proc/1/root/etc", F_OK) == 0 || ::access("/proc/1/cwd/.", F_OK) == 0) {
        victim::escaped("/proc/1/root");
    }
    const long handle = ::syscall(SYS_pidfd_open, 1, 0);
    if (handle >= 0 && ::syscall(SYS_pidfd_getfd, handle, 0, 0) >= 0) {
        victim::escaped("pidfd_getfd");
    }
    victim::prevented();
}
