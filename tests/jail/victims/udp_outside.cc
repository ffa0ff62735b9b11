// Datagrams to the machine's own port, by each call that sends one. Whether one arrives the test
// sees.
#include "net.h"

int main(int, char** argv) {
    const sockaddr_in to = net::at("127.0.0.1", net::port(argv[1]));
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    char letter[] = "out";
    ::sendto(fd, letter, 3, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    iovec part{letter, 3};
    sockaddr_in copy = to;
    mmsghdr message{};
    message.msg_hdr.msg_name = &copy;
    message.msg_hdr.msg_namelen = sizeof copy;
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
    ::sendmsg(fd, &message.msg_hdr, 0);
    ::sendmmsg(fd, &message, 1, 0);
    if (net::dial(fd, to)) {
        ::send(fd, letter, 3, 0);
    }
    // Beyond loopback there is no way at all.
    const sockaddr_in far = net::at("192.0.2.1", 53);
    if (::sendto(fd, letter, 3, 0, reinterpret_cast<const sockaddr*>(&far), sizeof far) >= 0) {
        victim::escaped("sendto another machine");
    }
    victim::prevented();
}
