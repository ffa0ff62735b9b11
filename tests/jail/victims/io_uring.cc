// System calls that no filter sees.
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    io_uring_params parameters{};
    ::syscall(SYS_io_uring_setup, 8, &parameters) >= 0 ? victim::escaped("a ring")
                                                       : victim::prevented();
}
