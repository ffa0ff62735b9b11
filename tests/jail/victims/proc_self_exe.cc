// Starts itself again: its own program was allowed once, not twice.
#include <fcntl.h>

#include "victim.h"

int main(int argc, char**) {
    if (argc > 1) {
        ::open("escaped", O_CREAT | O_WRONLY, 0644);
        victim::escaped("ran again");
    }
    char name[] = "innocent";
    char word[] = "again";
    char* const argv[] = {name, word, nullptr};
    ::execve("/proc/self/exe", argv, argv + 2);
    ::execve("/proc/thread-self/exe", argv, argv + 2);
    victim::prevented();
}
