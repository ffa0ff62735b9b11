// Lifts the limits that it was started with.
#include <sys/resource.h>

#include "victim.h"

int main() {
    const rlimit more{1UL << 20U, 1UL << 20U};
    ::setrlimit(RLIMIT_NPROC, &more) == 0 ? victim::escaped("more processes") : victim::prevented();
}
