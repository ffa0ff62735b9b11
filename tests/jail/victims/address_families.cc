// Sockets that leave the machine by the side door: the hypervisor's, raw packets, kernel crypto.
#include <sys/socket.h>

#include "victim.h"

int main() {
    for (const int family :
         {AF_VSOCK, AF_ALG, AF_PACKET, AF_KEY, AF_BLUETOOTH, AF_CAN, AF_TIPC, 63, 1000}) {
        if (::socket(family, SOCK_RAW, 0) >= 0 || ::socket(family, SOCK_STREAM, 0) >= 0 ||
            ::socket(family, SOCK_DGRAM, 0) >= 0) {
            victim::escaped("a socket");
        }
    }
    if (::socket(AF_INET, SOCK_RAW, 1) >= 0) {
        victim::escaped("a raw socket");
    }
    victim::prevented();
}
