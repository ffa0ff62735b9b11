// Reads the kernel through its core file.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/proc/kcore", O_RDONLY) >= 0 ? victim::escaped("opened") : victim::prevented();
}
