// Times of files outside: builds and backups believe them.
#include <fcntl.h>
#include <sys/stat.h>

#include "victim.h"

int main() {
    struct stat status{};
    ::stat("/etc/hostname", &status);
    const timespec times[2] = {status.st_atim, status.st_mtim};
    ::utimensat(AT_FDCWD, "/etc/hostname", times, 0) == 0 ? victim::escaped("utimensat")
                                                          : victim::prevented();
}
