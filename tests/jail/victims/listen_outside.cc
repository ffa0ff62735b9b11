// Serves on the machine's network: the test tries to reach the port while this waits for it.
#include <fcntl.h>
#include <poll.h>

#include "net.h"

int main(int, char** argv) {
    const sockaddr_in here = net::at("0.0.0.0", net::port(argv[1]));
    const int fd = net::stream();
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
        ::listen(fd, 5) != 0) {
        victim::broken("listening");
    }
    const int ready = ::open("ready", O_CREAT | O_WRONLY, 0600);
    ::close(ready);
    pollfd entry{fd, POLLIN, 0};
    while (::access("tried", F_OK) != 0) {
        if (::poll(&entry, 1, 10) > 0) {
            victim::escaped("somebody came");
        }
    }
    victim::prevented();
}
