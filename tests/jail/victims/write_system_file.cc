// Writes a file of the system.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/etc/hostname", O_WRONLY) >= 0 ? victim::escaped("opened") : victim::prevented();
}
