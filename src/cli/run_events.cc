#include "cli/run_events.h"

#include <utility>

namespace countersign::cli {

void RunEvents::push(RunEvent event) {
    const bool decided = event.kind == RunEvent::Kind::Decided;
    const auto now = std::chrono::steady_clock::now();
    bool wakes = true;
    {
        const MutexLock lock(mutex_);
        if (decided && events_.size() >= kWaitingMax) {
            ++dropped_;
            return;
        }
        events_.push_back(std::move(event));
        wakes = !decided || now - woken_ >= kWakeEvery;
        woken_ = wakes ? now : woken_;
    }
    if (wakes) {
        arrived_.notify_one();
    }
}

std::optional<RunEvent> RunEvents::pop(Duration limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    const MutexLock lock(mutex_);
    while (events_.empty()) {
        if (arrived_.wait_until(mutex_, until) == std::cv_status::timeout) {
            break;
        }
    }
    if (events_.empty()) {
        return std::nullopt;
    }
    RunEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

std::size_t RunEvents::take_dropped() {
    const MutexLock lock(mutex_);
    return std::exchange(dropped_, 0);
}

}  // namespace countersign::cli
