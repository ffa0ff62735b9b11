// Starts a program that nobody allowed.
#include "victim.h"

int main() {
    char* const argv[] = {nullptr};
    ::execve(victim::kForbidden, argv, argv);
    victim::prevented();
}
