// The queue between the jail's supervisor, which must not wait, and the thread that talks to the
// person. Thread safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/time.h"
#include "client/client.h"
#include "jail/jail.h"
#include "model/action.h"

namespace countersign::cli {

struct RunEvent {
    enum class Kind { Held, Decided, Finished };
    Kind kind = Kind::Finished;
    model::ActionRequest request;
    client::ActionAnswer answer;
};

class RunEvents {
public:
    /// Decided events past this many waiting ones are dropped from the display (never from the
    /// record): the person may be away from the prompt while a build starts thousands of programs.
    static constexpr std::size_t kWaitingMax = 10'000;
    static constexpr Duration kWakeEvery = std::chrono::milliseconds(4);

    /// Wakes the reader, but for what is decided at most once in kWakeEvery: a build starts many
    /// programs a second, and a wake-up at each would slow the starts. The reader looks again
    /// within its `limit`.
    void push(RunEvent event) EXCLUDES(mutex_);
    /// The next event; nullopt when none came within `limit`.
    std::optional<RunEvent> pop(Duration limit) EXCLUDES(mutex_);
    /// How many were dropped since the last call.
    std::size_t take_dropped() EXCLUDES(mutex_);

private:
    Mutex mutex_;
    std::condition_variable_any arrived_;
    std::deque<RunEvent> events_ GUARDED_BY(mutex_);
    std::size_t dropped_ GUARDED_BY(mutex_) = 0;
    std::chrono::steady_clock::time_point woken_ GUARDED_BY(mutex_);
};

}  // namespace countersign::cli
