// Stops the kernel in the middle of a copy: every race becomes winnable.
#include <linux/userfaultfd.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    ::syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY) >= 0 ? victim::escaped("userfaultfd")
                                                         : victim::prevented();
}
