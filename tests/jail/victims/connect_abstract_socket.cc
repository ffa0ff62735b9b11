// Abstract sockets have no file that could be hidden (X11, some D-Bus).
#include <cstddef>
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
    const std::size_t length = std::strlen(argv[1]);
    std::memcpy(address.sun_path + 1, argv[1], length);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) {
        victim::escaped("connected");
    }
    victim::prevented();
}
