// Types into the terminal that it shares with the person (CVE-2017-5226), also with bits above the
// 32 that the kernel looks at (CVE-2019-10063).
#include <cerrno>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    char letter = 'x';
    for (const unsigned long request : {static_cast<unsigned long>(TIOCSTI), TIOCSTI | (1UL << 32),
                                        static_cast<unsigned long>(TIOCLINUX)}) {
        errno = 0;
        // Without a terminal the kernel would say ENOTTY; EPERM is the filter's word.
        if (::syscall(SYS_ioctl, 0, request, &letter) == 0 || errno != EPERM) {
            victim::escaped("the terminal");
        }
    }
    victim::prevented();
}
