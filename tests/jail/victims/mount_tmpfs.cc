// Covers what the jail shows.
#include <sys/mount.h>
#include <sys/stat.h>

#include "victim.h"

int main() {
    ::mkdir("place", 0700);
    if (::mount("tmpfs", "place", "tmpfs", 0, nullptr) == 0) {
        ::umount("place");
        victim::escaped("mounted");
    }
    victim::prevented();
}
