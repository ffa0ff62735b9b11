// execve by the 32-bit system call interface, where it has number 11.
#include <cstring>
#include <sys/mman.h>

#include "victim.h"

int main() {
    void* low = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) {
        victim::broken("mmap");
    }
    char* path = static_cast<char*>(low);
    std::memcpy(path, victim::kForbidden, sizeof victim::kForbidden);
    victim::in_child([&] {
        long result = 11;
        asm volatile("int $0x80"
                     : "+a"(result)
                     : "b"(path), "c"(path + 64), "d"(path + 64)
                     : "memory");
        return 0;
    });
    victim::prevented();
}
