// Attaches to the first process, to a sibling, and offers itself to its parent.
#include <sys/ptrace.h>

#include "victim.h"

int main() {
    if (::ptrace(PTRACE_ATTACH, 1, nullptr, nullptr) == 0) {
        victim::escaped("attached to the first process");
    }
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
        victim::escaped("traced by its parent");
    }
    victim::prevented();
}
