// Turns the socket of an allowed connection (port 1) against another port of the machine (port 2):
// disconnects it, connects again, listens on it, sends elsewhere.
#include "net.h"

int main(int, char** argv) {
    const sockaddr_in allowed = net::at("127.0.0.1", net::port(argv[1]));
    const sockaddr_in other = net::at("127.0.0.1", net::port(argv[2]));
    sockaddr nothing{};
    nothing.sa_family = AF_UNSPEC;
    for (int how = 0; how < 4; ++how) {
        const int fd = net::stream();
        if (!net::dial(fd, allowed)) {
            victim::broken("the allowed connection");
        }
        if (how == 1) {
            ::shutdown(fd, SHUT_RDWR);
        }
        if (how != 2) {
            ::connect(fd, &nothing, sizeof nothing);
        }
        if (net::dial(fd, other)) {
            victim::escaped("connected again");
        }
        if (::listen(fd, 1) == 0) {
            victim::escaped("listens outside");
        }
        ::sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&other),
                 sizeof other);
        ::sendto(fd, "x", 1, MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&other), sizeof other);
        ::close(fd);
    }
    victim::prevented();
}
