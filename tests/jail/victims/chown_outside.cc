// Owners of files outside.
#include <sys/stat.h>

#include "victim.h"

int main() {
    struct stat status{};
    ::stat("/etc/hostname", &status);
    ::chown("/etc/hostname", status.st_uid, status.st_gid) == 0 ? victim::escaped("chown")
                                                                : victim::prevented();
}
