// Sockets to the virtual machine's host and to the kernel's cryptography.
#include <sys/socket.h>

#include "victim.h"

int main() {
    for (const int family : {AF_VSOCK, AF_ALG, AF_PACKET, AF_KEY}) {
        if (::socket(family, SOCK_SEQPACKET, 0) >= 0 || ::socket(family, SOCK_RAW, 0) >= 0) {
            victim::escaped("a socket");
        }
    }
    victim::prevented();
}
