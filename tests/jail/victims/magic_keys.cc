// Kills or restarts the machine by a letter.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/proc/sysrq-trigger", O_WRONLY) >= 0 ? victim::escaped("opened") : victim::prevented();
}
