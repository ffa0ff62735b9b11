// Takes the processor from everybody else.
#include <sys/resource.h>

#include "victim.h"

int main() {
    ::setpriority(PRIO_PROCESS, 0, -10) == 0 ? victim::escaped("nice -10") : victim::prevented();
}
