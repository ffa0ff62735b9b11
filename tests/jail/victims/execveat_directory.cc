// A relative path from a directory descriptor, with the innocent directory as working directory.
#include <fcntl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    const int fd = ::open(".", O_PATH | O_DIRECTORY);
    if (fd < 0 || ::chdir("/usr/bin") != 0) {
        victim::broken("open");
    }
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    ::syscall(SYS_execveat, fd, "forbidden", argv, argv + 1, 0);
    victim::prevented();
}
