// Runs a program that has no name in any directory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "victim.h"

int main() {
    const int from = ::open(victim::kForbidden, O_RDONLY);
    const int to = ::memfd_create("innocent", MFD_CLOEXEC);
    if (from < 0 || to < 0 || ::sendfile(to, from, nullptr, 1 << 30) <= 0) {
        victim::broken("memfd");
    }
    // Written to is "text busy"; a second, read-only descriptor is what attackers execute.
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", to);
    const int readable = ::open(path, O_RDONLY);
    ::close(to);
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", readable);
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    ::execve(path, argv, argv + 1);
    ::fexecve(readable, argv, argv + 1);
    victim::prevented();
}
