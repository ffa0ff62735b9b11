// A name that may be connected to, but leads to this machine: asks the resolver for a name whose
// lookup outside gives 127.0.0.1.
#include "net.h"

int main(int, char** argv) {
    const std::uint32_t address = net::resolve("127.1");
    if (address == 0) {
        victim::broken("no address for the name");
    }
    sockaddr_in to = net::at("0.0.0.0", net::port(argv[1]));
    to.sin_addr.s_addr = htonl(address);
    net::dial(net::stream(), to) ? victim::escaped("by a name") : victim::prevented();
}
