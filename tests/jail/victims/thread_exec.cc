// A thread that is not the first one executes: the process id changes hands.
#include <pthread.h>

#include "victim.h"

namespace {

void* execute(void*) {
    char name[] = "innocent";
    char* const argv[] = {name, nullptr};
    ::execve(victim::kForbidden, argv, argv + 1);
    victim::prevented();
}

}  // namespace

int main() {
    pthread_t thread{};
    if (::pthread_create(&thread, nullptr, execute, nullptr) != 0) {
        victim::broken("thread");
    }
    ::pthread_join(thread, nullptr);
}
