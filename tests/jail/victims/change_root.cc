// A root of its own, out of which old tricks lead.
#include <unistd.h>

#include "victim.h"

int main() {
    ::chroot(".") == 0 ? victim::escaped("chroot") : victim::prevented();
}
