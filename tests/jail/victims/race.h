// A writer thread against many starts of a program: what the race_* victims share. The writer keeps
// exchanging something while each start is examined by the supervisor; the race is won when the
// file "escaped" appears.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <stdio.h>
#include <sys/syscall.h>
#include <thread>

#include "victim.h"

namespace race {

/// Attempts of one run; RACE_ATTEMPTS in the environment of the test makes it more.
inline int attempts() {
    const char* text = std::getenv("RACE_ATTEMPTS");
    return text == nullptr ? 300 : static_cast<int>(std::strtol(text, nullptr, 10));
}

/// Exchanges a word between "good" and the other one, byte by byte as a careless or a clever
/// writer.
inline void flip(char* word, const char* other) {
    const bool good = std::strncmp(word, other, std::strlen(other)) != 0;
    const char* next = good || std::strlen(other) < 4 ? other : "good";
    for (std::size_t i = 0; i < std::strlen(other); ++i) {
        static_cast<volatile char*>(word)[i] = next[i];
    }
}

/// While a file keeps changing nothing starts it, so between two changes there is time for the
/// supervisor to look and to let go: some changes then fall in between, at every moment of it.
inline void pause_a_while(std::minstd_rand& random) {
    const auto span = std::chrono::microseconds(std::uniform_int_distribution(0, 12'000)(random));
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < span) {
    }
}

inline void start(const char* path, char* word, char* environment) {
    char name[] = "decoy";
    char* const argv[] = {name, word, nullptr};
    char* const envp[] = {environment, nullptr};
    ::execve(path, argv, envp);
}

/// Children share our memory (CLONE_VM by vfork), so that the writer reaches what they execute.
template <class Write, class Start>
[[noreturn]] void run(Write write, Start start_one) {
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        while (!stop) {
            write();
        }
    });
    int started = 0;
    for (int i = 0; i < attempts(); ++i) {
        const pid_t child = ::vfork();
        if (child == 0) {
            start_one();
            ::_exit(victim::kPrevented);
        }
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child) {
            victim::broken("vfork");
        }
        started += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    stop = true;
    writer.join();
    std::fprintf(stderr, "%d of %d started\n", started, attempts());
    if (started == 0) {
        victim::broken("nothing started: there was no race");
    }
    ::access("escaped", F_OK) == 0 ? victim::escaped("the race was won") : victim::prevented();
}

}  // namespace race
