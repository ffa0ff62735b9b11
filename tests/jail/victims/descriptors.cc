// Finds descriptors that were left open for it.
#include <cstdlib>
#include <dirent.h>

#include "victim.h"

int main() {
    DIR* directory = ::opendir("/proc/self/fd");
    if (directory == nullptr) {
        victim::broken("/proc/self/fd");
    }
    while (const dirent* entry = ::readdir(directory)) {
        const long fd = std::strtol(entry->d_name, nullptr, 10);
        if (fd > 2 && fd != ::dirfd(directory)) {
            victim::escaped(entry->d_name);
        }
    }
    victim::prevented();
}
