// Looks for processes outside of its namespace.
#include <cctype>
#include <dirent.h>

#include "victim.h"

int main() {
    DIR* directory = ::opendir("/proc");
    if (directory == nullptr) {
        victim::broken("/proc");
    }
    int processes = 0;
    while (const dirent* entry = ::readdir(directory)) {
        processes += std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0 ? 1 : 0;
    }
    // The first process and this one.
    processes == 2 ? victim::prevented() : victim::escaped("more processes than its own");
}
