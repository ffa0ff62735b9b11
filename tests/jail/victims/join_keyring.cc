// Keys belong to the user, not to the jail.
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1) >= 0
        ? victim::escaped("the user's keyring")
        : victim::prevented();
}
