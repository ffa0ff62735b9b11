// execveat(fd, "", AT_EMPTY_PATH): no path to look at.
#include <fcntl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    const int fd = ::open(victim::kForbidden, O_PATH);
    if (fd < 0) {
        victim::broken("open");
    }
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    ::syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH);
    victim::prevented();
}
