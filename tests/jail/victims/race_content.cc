// A thread rewrites the script in place, same size, while it is examined. (It cannot be caught
// after the interpreter has been let go; before that it must be.)
#include "race.h"

int main() {
    std::minstd_rand random(1);
    const int fd = ::open("script", O_CREAT | O_RDWR | O_CLOEXEC, 0755);
    if (fd < 0) {
        victim::broken("open");
    }
    ::close(fd);
    race::run(
        [&random] {
            race::pause_a_while(random);
            const int script = ::open("script", O_WRONLY | O_CLOEXEC);
            static bool good = true;
            good = !good;
            const char* line = good ? "#!./decoy good\n" : "#!./decoX good\n";
            [[maybe_unused]] const ssize_t count = ::write(script, line, 15);
            ::close(script);
        },
        [] {
            char name[] = "script";
            char environment[] = "LD_WORD=good";
            char* const argv[] = {name, nullptr};
            char* const envp[] = {environment, nullptr};
            ::execve("./script", argv, envp);
        });
}
