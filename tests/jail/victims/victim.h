// What every victim shares: it tries one forbidden act and says how that went.
#pragma once

#include <cstdio>
#include <initializer_list>
#include <sys/wait.h>
#include <unistd.h>

namespace victim {

constexpr int kPrevented = 42;
constexpr int kEscaped = 1;
constexpr int kBroken = 2;  ///< the attempt itself could not be made: the test proves nothing

[[noreturn]] inline void prevented() {
    ::_exit(kPrevented);
}

[[noreturn]] inline void escaped(const char* how) {
    std::fprintf(stderr, "escaped: %s\n", how);
    ::_exit(kEscaped);
}

[[noreturn]] inline void broken(const char* what) {
    std::perror(what);
    ::_exit(kBroken);
}

/// For acts that the kernel may answer with death: runs `act` in a child; its return value, or -1
/// when it was killed.
template <class Act>
int in_child(Act act) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(act());
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) {
        broken("fork");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The program that nobody allowed. When it runs it leaves the file "escaped".
inline constexpr char kForbidden[] = "./forbidden";

}  // namespace victim
