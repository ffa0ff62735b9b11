// Processes without end: the machine must not run out of them.
#include <signal.h>
#include <vector>

#include "victim.h"

int main() {
    std::vector<pid_t> children;
    constexpr std::size_t kMany = 1000;
    while (children.size() < kMany) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::pause();
        }
        if (child < 0) {
            break;
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        ::kill(child, SIGKILL);
    }
    children.size() == kMany ? victim::escaped("no bound") : victim::prevented();
}
