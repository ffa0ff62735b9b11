// A program that the kernel starts outside of every jail (core(5)).
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/proc/sys/kernel/core_pattern", O_WRONLY) >= 0 ? victim::escaped("opened")
                                                           : victim::prevented();
}
