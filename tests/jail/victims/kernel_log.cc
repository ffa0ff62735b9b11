// Addresses and secrets of the kernel's log.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/dev/kmsg", O_RDONLY) >= 0 ? victim::escaped("opened") : victim::prevented();
}
