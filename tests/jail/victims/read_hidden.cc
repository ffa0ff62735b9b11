// Reads what is hidden, by each road.
#include <fcntl.h>
#include <string>

#include "victim.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        victim::broken("usage");
    }
    const std::string path = argv[1];
    for (const std::string& road : {path, "/proc/self/root" + path, "/proc/1/root" + path,
                                    std::string("/proc/self/cwd/../hidden/key")}) {
        char byte = 0;
        const int fd = ::open(road.c_str(), O_RDONLY);
        if (fd >= 0 && ::read(fd, &byte, 1) > 0) {
            victim::escaped(road.c_str());
        }
    }
    victim::prevented();
}
