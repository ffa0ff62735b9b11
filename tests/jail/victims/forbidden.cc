// Leaves proof that it ran.
#include <fcntl.h>
#include <unistd.h>

int main() {
    return ::open("escaped", O_CREAT | O_WRONLY | O_CLOEXEC, 0644) >= 0 ? 0 : 1;
}
