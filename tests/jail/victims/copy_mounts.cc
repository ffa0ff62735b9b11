// Takes a copy of the mounts to build a view of its own.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    ::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE) >= 0 ? victim::escaped("open_tree")
                                                                  : victim::prevented();
}
