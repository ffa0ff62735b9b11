// ld.so PROGRAM: the kernel sees the loader start, not the program.
#include "victim.h"

int main() {
    char name[] = "ld.so";
    char program[] = "./forbidden_dynamic";
    char* const argv[] = {name, program, nullptr};
    ::execve("/lib64/ld-linux-x86-64.so.2", argv, argv + 2);
    victim::prevented();
}
