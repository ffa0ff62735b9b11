// Rewrites port and descriptor while connect(2) is decided: port 1 is allowed, port 2 is not.
#include "net.h"
#include "race.h"

int main(int, char** argv) {
    sockaddr_in address = net::at("127.0.0.1", net::port(argv[1]));
    const std::uint16_t good = address.sin_port;
    const std::uint16_t bad = htons(static_cast<std::uint16_t>(net::port(argv[2])));
    const int fixed = 100;
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        while (!stop) {
            static_cast<volatile sockaddr_in&>(address).sin_port = bad;
            static_cast<volatile sockaddr_in&>(address).sin_port = good;
        }
    });
    std::thread exchanger([&] {
        while (!stop) {
            const int fd = net::stream();
            ::dup2(fd, fixed);
            ::close(fd);
        }
    });
    int connected = 0;
    for (int i = 0; i < race::attempts(); ++i) {
        const int fd = net::stream();
        connected += net::dial(fd, address) ? 1 : 0;
        ::close(fd);
        net::dial(fixed, address);
    }
    stop = true;
    writer.join();
    exchanger.join();
    std::fprintf(stderr, "%d of %d connected\n", connected, race::attempts());
    victim::prevented();
}
