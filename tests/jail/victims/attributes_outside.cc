// Attributes of files outside.
#include <sys/xattr.h>

#include "victim.h"

int main() {
    if (::setxattr("/usr/bin/env", "user.victim", "x", 1, 0) == 0) {
        ::removexattr("/usr/bin/env", "user.victim");
        victim::escaped("setxattr");
    }
    victim::prevented();
}
