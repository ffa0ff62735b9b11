// A device node in the workspace.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "victim.h"

int main() {
    if (::mknod("disk", S_IFBLK | 0600, makedev(254, 0)) == 0) {
        ::unlink("disk");
        victim::escaped("a block device");
    }
    victim::prevented();
}
