// Datagrams to a socket file in sight need no connect(2).
#include "net.h"

int main() {
    int pair[2] = {-1, -1};
    if (::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 ||
        ::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0) {
        victim::escaped("a datagram socket");
    }
    victim::prevented();
}
