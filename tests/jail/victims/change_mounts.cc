// Takes away what hides, or puts something over it.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "victim.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        victim::broken("usage");
    }
    if (::umount2(argv[1], MNT_DETACH) == 0 || ::umount2("/tmp", MNT_DETACH) == 0) {
        victim::escaped("umount");
    }
    if (::mount("none", "/tmp", "tmpfs", 0, nullptr) == 0 ||
        ::mount("/", "/tmp", nullptr, MS_BIND, nullptr) == 0) {
        victim::escaped("mount");
    }
    if (::syscall(SYS_open_tree, AT_FDCWD, "/", 1) >= 0 || ::syscall(SYS_fsopen, "tmpfs", 0) >= 0 ||
        ::chroot("/tmp") == 0) {
        victim::escaped("mount by descriptor");
    }
    victim::prevented();
}
