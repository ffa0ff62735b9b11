// A file system by the new calls.
#include <sys/syscall.h>

#include "victim.h"

int main() {
    ::syscall(SYS_fsopen, "tmpfs", 0) >= 0 ? victim::escaped("fsopen") : victim::prevented();
}
