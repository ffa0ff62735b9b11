// Writes into a sibling, which may hold a larger grant.
#include <fcntl.h>
#include <sys/uio.h>

#include "victim.h"

int main() {
    static char target[] = "untouched";
    const pid_t sibling = ::fork();
    if (sibling == 0) {
        ::pause();
        ::_exit(0);
    }
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/mem", sibling);
    if (::open(path, O_RDWR) >= 0 || ::open(path, O_WRONLY) >= 0) {
        victim::escaped("opened /proc/PID/mem for writing");
    }
    char evil[] = "evil";
    iovec local{evil, sizeof evil};
    iovec remote{target, sizeof evil};
    if (::process_vm_writev(sibling, &local, 1, &remote, 1, 0) > 0) {
        victim::escaped("process_vm_writev");
    }
    victim::prevented();
}
