// An orphan in a session of its own.
#include "victim.h"

int main() {
    int ends[2];
    if (::pipe(ends) != 0) {
        victim::broken("pipe");
    }
    if (::fork() == 0) {
        ::setsid();
        if (::fork() == 0) {
            char name[] = "innocent";
            char* const argv[] = {name, nullptr};
            ::execve(victim::kForbidden, argv, argv + 1);
            [[maybe_unused]] const ssize_t count = ::write(ends[1], "x", 1);
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    char byte = 0;
    ::read(ends[0], &byte, 1) == 1 ? victim::prevented() : victim::escaped("daemon");
}
