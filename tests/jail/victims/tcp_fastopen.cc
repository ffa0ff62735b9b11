// A connection that no connect(2) makes: data in the first packet (RFC 7413).
#include "net.h"

int main(int, char** argv) {
    const sockaddr_in to = net::at("127.0.0.1", net::port(argv[1]));
    const int fd = net::stream();
    if (::sendto(fd, "out", 3, MSG_FASTOPEN, reinterpret_cast<const sockaddr*>(&to), sizeof to) >=
        0) {
        victim::escaped("fast open");
    }
    victim::prevented();
}
