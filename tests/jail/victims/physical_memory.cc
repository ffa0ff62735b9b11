// Reads the machine's memory.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/dev/mem", O_RDONLY) >= 0 ? victim::escaped("opened") : victim::prevented();
}
