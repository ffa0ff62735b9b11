// Connects to the operator's socket.
#include <algorithm>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

#include "victim.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        victim::broken("usage");
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, argv[1],
                std::min(std::strlen(argv[1]), sizeof address.sun_path - 1));
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        victim::escaped("connected");
    }
    victim::prevented();
}
