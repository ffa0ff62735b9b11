// Connects to a port of the machine under every address that means it.
#include "net.h"

int main(int, char** argv) {
    const int port = net::port(argv[1]);
    for (const char* address : {"127.0.0.1", "127.8.8.8", "0.0.0.0"}) {
        if (net::dial(net::stream(), net::at(address, port))) {
            victim::escaped(address);
        }
    }
    victim::prevented();
}
