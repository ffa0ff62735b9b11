// System V objects and POSIX shared memory of the host.
#include <cstdlib>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "victim.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        victim::broken("usage");
    }
    const auto key = static_cast<key_t>(std::strtol(argv[1], nullptr, 10));
    if (::shmget(key, 0, 0) >= 0) {
        victim::escaped("shmget");
    }
    victim::prevented();
}
