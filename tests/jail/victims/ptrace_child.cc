// Traces a process of its own: a program with a small grant borrows one with a larger.
#include <signal.h>
#include <sys/ptrace.h>

#include "victim.h"

int main() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
    }
    const bool done = ::ptrace(PTRACE_ATTACH, child, nullptr, nullptr) == 0;
    ::kill(child, SIGKILL);
    done ? victim::escaped("traced") : victim::prevented();
}
