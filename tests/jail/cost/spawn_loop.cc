// spawn_loop COUNT PROGRAM: starts PROGRAM that often, one after the other, and prints the
// microseconds that one start and its end took on average.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc != 3) {
        return 2;
    }
    const long count = std::strtol(argv[1], nullptr, 10);
    char* const words[] = {argv[2], nullptr};
    const auto begin = std::chrono::steady_clock::now();
    for (long i = 0; i < count; ++i) {
        pid_t child = 0;
        int status = 0;
        if (::posix_spawn(&child, argv[2], nullptr, nullptr, words, environ) != 0 ||
            ::waitpid(child, &status, 0) != child || status != 0) {
            std::perror("spawn_loop");
            return 1;
        }
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    std::printf("%.1f\n", took.count() / static_cast<double>(count));
    return 0;
}
