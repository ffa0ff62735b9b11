// A control group in which nothing is counted.
#include <sys/stat.h>

#include "victim.h"

int main() {
    for (const char* place :
         {"/sys/fs/cgroup/countersign-victim", "/sys/fs/cgroup/unified/countersign-victim"}) {
        if (::mkdir(place, 0700) == 0) {
            ::rmdir(place);
            victim::escaped(place);
        }
    }
    victim::prevented();
}
