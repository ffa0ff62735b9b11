// Kills everything it can name. Only the tree itself may be hit, and its first process not at all.
#include <csignal>

#include "victim.h"

int main() {
    ::kill(1, SIGKILL);
    for (pid_t pid = 2; pid < 40000; ++pid) {
        if (pid != ::getpid() && ::kill(pid, SIGKILL) == 0) {
            victim::escaped("a process outside");
        }
    }
    ::getppid() == 1 ? victim::prevented() : victim::escaped("the first process died");
}
