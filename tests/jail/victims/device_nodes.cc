// Disks and kernel memory by device files: there are none, and none can be made.
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "victim.h"

int main() {
    if (::mknod("disk", S_IFBLK | 0600, makedev(254, 0)) == 0 ||
        ::mknod("/tmp/disk", S_IFCHR | 0600, makedev(1, 1)) == 0) {
        victim::escaped("mknod");
    }
    for (const char* path : {"/dev/vda", "/dev/sda", "/dev/mem", "/dev/kmsg", "/dev/fuse",
                             "/dev/kvm", "/dev/net/tun", "/dev/loop0", "/dev/dm-0"}) {
        if (::open(path, O_RDONLY) >= 0) {
            victim::escaped(path);
        }
    }
    victim::prevented();
}
