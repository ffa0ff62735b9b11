// A second name in the workspace for a file outside, to write it there.
#include <fcntl.h>

#include "victim.h"

int main() {
    if (::link("/etc/hostname", "mine") == 0) {
        ::unlink("mine");
        victim::escaped("linked");
    }
    victim::prevented();
}
