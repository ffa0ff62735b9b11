// Packets made by hand.
#include "net.h"

int main() {
    for (const int family : {AF_INET, AF_INET6}) {
        if (::socket(family, SOCK_RAW, IPPROTO_TCP) >= 0 ||
            ::socket(family, SOCK_RAW, IPPROTO_RAW) >= 0) {
            victim::escaped("a raw socket");
        }
    }
    if (::socket(AF_PACKET, SOCK_RAW, 0) >= 0) {
        victim::escaped("a packet socket");
    }
    victim::prevented();
}
