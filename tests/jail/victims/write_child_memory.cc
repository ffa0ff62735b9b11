// Writes into the memory of another process.
#include <signal.h>
#include <sys/uio.h>

#include "victim.h"

int main() {
    static char word[] = "word";
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
    }
    iovec part{word, sizeof word};
    const bool done = ::process_vm_writev(child, &part, 1, &part, 1, 0) > 0;
    ::kill(child, SIGKILL);
    done ? victim::escaped("written") : victim::prevented();
}
