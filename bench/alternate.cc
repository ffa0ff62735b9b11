// Times whole processes, two commands in turn (A B A B ...), so that drift of the machine touches
// both alike. Prints per command the median with the 10th and 90th percentile, and the ratio B/A of
// each pair. A command that does not exit with its expected status stops the measurement.
//
//   bench_alternate RUNS STDIN_FILE A_ARG... -- B_ARG...

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "text/number.h"

namespace {

struct Command {
    std::vector<char*> argv;
    std::vector<double> milliseconds;
};

double run_once(Command& command, const char* input) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const auto start = std::chrono::steady_clock::now();
    pid_t child = 0;
    const int failure =
        posix_spawnp(&child, command.argv[0], &actions, nullptr, command.argv.data(), environ);
    int status = 0;
    if (failure != 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "bench: %s did not run or failed (status %d)\n", command.argv[0],
                     status);
        _exit(1);
    }
    const auto end = std::chrono::steady_clock::now();
    posix_spawn_file_actions_destroy(&actions);
    return std::chrono::duration<double, std::milli>(end - start).count();
}

double percentile(std::vector<double> values, double fraction) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

void report(const char* name, const std::vector<double>& values, const char* unit) {
    std::printf("%-28s median %9.3f %s   p10 %9.3f   p90 %9.3f\n", name, percentile(values, 0.5),
                unit, percentile(values, 0.1), percentile(values, 0.9));
}

}  // namespace

int main(int count, char** words) {
    Command a;
    Command b;
    Command* into = &a;
    for (int i = 3; i < count; ++i) {
        if (std::string(words[i]) == "--") {
            into->argv.push_back(nullptr);
            into = &b;
        } else {
            into->argv.push_back(words[i]);
        }
    }
    b.argv.push_back(nullptr);
    const auto runs =
        count > 3 ? countersign::text::parse_integer(words[1], 1, 100'000) : std::nullopt;
    if (!runs || a.argv.size() < 2 || b.argv.size() < 2) {
        std::fprintf(stderr, "usage: bench_alternate RUNS STDIN_FILE A_ARG... -- B_ARG...\n");
        return 2;
    }
    run_once(a, words[2]);
    run_once(b, words[2]);
    std::vector<double> ratios;
    for (std::int64_t i = 0; i < *runs; ++i) {
        a.milliseconds.push_back(run_once(a, words[2]));
        b.milliseconds.push_back(run_once(b, words[2]));
        ratios.push_back(b.milliseconds.back() / a.milliseconds.back());
    }
    report(a.argv[0], a.milliseconds, "ms");
    report(b.argv[0], b.milliseconds, "ms");
    report("second / first, per pair", ratios, "x ");
    return 0;
}
