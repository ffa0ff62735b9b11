// Leaves a key for later processes of the user.
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    ::syscall(SYS_add_key, "user", "victim", "x", 1, KEY_SPEC_PROCESS_KEYRING) >= 0
        ? victim::escaped("a key")
        : victim::prevented();
}
