// execve by the x32 interface: the same architecture, a bit in the number.
#include "victim.h"

int main() {
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    victim::in_child([&] {
        ::syscall(0x40000000 + 520, victim::kForbidden, argv, argv + 1);
        ::syscall(0x40000000 + 59, victim::kForbidden, argv, argv + 1);
        return 0;
    });
    victim::prevented();
}
