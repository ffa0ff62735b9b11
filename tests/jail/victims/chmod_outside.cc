// Modes of files outside: Landlock does not know them.
#include <sys/stat.h>

#include "victim.h"

int main() {
    struct stat status{};
    ::stat("/etc/hostname", &status);
    ::chmod("/etc/hostname", status.st_mode & 07777U) == 0 ? victim::escaped("chmod")
                                                           : victim::prevented();
}
