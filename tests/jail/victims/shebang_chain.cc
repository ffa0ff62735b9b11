// A script whose interpreter is a script whose interpreter is the forbidden program.
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

#include "victim.h"

namespace {

void write_script(const char* path, const char* text) {
    const int fd = ::open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
    if (fd < 0 || ::write(fd, text, std::strlen(text)) < 0) {
        victim::broken(path);
    }
    ::close(fd);
}

}  // namespace

int main() {
    write_script("inner", "#!./forbidden\n");
    write_script("outer", "#!./inner with an argument\n");
    char name[] = "outer";
    char* const argv[] = {name, nullptr};
    ::execve("./outer", argv, argv + 1);
    victim::prevented();
}
