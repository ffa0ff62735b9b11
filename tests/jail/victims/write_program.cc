// Writes into a program that everybody runs.
#include <fcntl.h>

#include "victim.h"

int main() {
    ::open("/usr/bin/env", O_RDWR) >= 0 ? victim::escaped("opened") : victim::prevented();
}
