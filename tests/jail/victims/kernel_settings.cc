// Settings of the kernel through sysfs.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY) >= 0 ? victim::escaped("opened")
                                                                         : victim::prevented();
}
