// Has no capability, cannot get one, and a set-uid program would give none.
#include <cstring>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
        victim::escaped("new privileges are possible");
    }
    for (unsigned long capability = 0; capability < 41; ++capability) {
        if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) {
            victim::escaped("the bounding set is not empty");
        }
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capget, &header, data) != 0) {
        victim::broken("capget");
    }
    if ((data[0].effective | data[0].permitted | data[1].effective | data[1].permitted) != 0) {
        victim::escaped("capabilities");
    }
    std::memset(data, 0xff, sizeof data);
    if (::syscall(SYS_capset, &header, data) == 0) {
        victim::escaped("capset");
    }
    victim::prevented();
}
