// An allowed name that points to the forbidden program.
#include "victim.h"

int main() {
    if (::symlink("forbidden", "ls") != 0) {
        victim::broken("symlink");
    }
    char name[] = "ls";
    char* const argv[] = {name, nullptr};
    ::execve("./ls", argv, argv + 1);
    victim::prevented();
}
