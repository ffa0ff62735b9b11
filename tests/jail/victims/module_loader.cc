// The helper that the kernel starts for modules.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/proc/sys/kernel/modprobe", O_WRONLY) >= 0 ? victim::escaped("opened")
                                                       : victim::prevented();
}
