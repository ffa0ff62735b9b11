// A core file that carries memory away.
#include <signal.h>
#include <sys/resource.h>

#include "victim.h"

int main() {
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CORE, &all) == 0 ? victim::escaped("cores") : victim::prevented();
}
