// IPv4 in IPv6 clothes: mapped, NAT64, 6to4, and the IPv6 spellings of loopback.
#include "net.h"

int main(int, char** argv) {
    for (const char* text : {"::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::1", "::"}) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(static_cast<std::uint16_t>(net::port(argv[1])));
        ::inet_pton(AF_INET6, text, &address.sin6_addr);
        const int fd = ::socket(AF_INET6, SOCK_STREAM, 0);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
            victim::escaped(text);
        }
    }
    victim::prevented();
}
