// Opens, deletes, executes.
#include <fcntl.h>

#include "victim.h"

int main() {
    if (::link(victim::kForbidden, "copy") != 0) {
        victim::broken("link");
    }
    const int fd = ::open("copy", O_RDONLY | O_CLOEXEC);
    ::unlink("copy");
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    ::fexecve(fd, argv, argv + 1);
    victim::prevented();
}
