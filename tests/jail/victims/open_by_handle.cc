// Opens a file by number, past every path (the way out of containers known as "shocker", 2014).
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    constexpr unsigned kBytes = 128;
    alignas(file_handle) unsigned char space[sizeof(file_handle) + kBytes] = {};
    auto* handle = reinterpret_cast<file_handle*>(space);
    handle->handle_bytes = kBytes;
    int mount = 0;
    if (::name_to_handle_at(AT_FDCWD, "/etc/passwd", handle, &mount, 0) != 0) {
        victim::prevented();
    }
    const int directory = ::open("/etc", O_RDONLY | O_DIRECTORY);
    ::open_by_handle_at(directory, handle, O_RDONLY) >= 0 ? victim::escaped("opened")
                                                          : victim::prevented();
}
