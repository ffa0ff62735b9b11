// The child that borrows its parent's memory.
#include "victim.h"

int main() {
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execve(victim::kForbidden, argv, argv + 1);
        ::_exit(victim::kPrevented);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    WEXITSTATUS(status) == victim::kPrevented ? victim::prevented() : victim::escaped("vfork");
}
