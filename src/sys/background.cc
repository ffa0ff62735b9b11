#include "sys/background.h"

#include <csignal>
#include <pthread.h>
#include <system_error>
#include <utility>

namespace countersign::sys {

Background::~Background() {
    {
        const MutexLock guard(lock_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Result<void> Background::start(Job job) {
    if (!thread_.joinable()) {
        // A thread starts with the signal mask of its maker.
        sigset_t all;
        sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        bool made = true;
        try {
            thread_ = std::thread([this] { serve(); });
        } catch (const std::system_error&) {
            made = false;
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (!made) {
            return Error(ErrorCode::Unavailable, "no thread can be started");
        }
    }
    {
        const MutexLock guard(lock_);
        if (state_ != State::Idle) {
            return Error(ErrorCode::Conflict, "the job before is not over");
        }
        job_ = std::move(job);
        state_ = State::Given;
    }
    changed_.notify_all();
    return {};
}

bool Background::busy() const {
    const MutexLock guard(lock_);
    return state_ != State::Idle;
}

std::optional<Result<void>> Background::take() {
    const MutexLock guard(lock_);
    if (state_ != State::Done) {
        return std::nullopt;
    }
    state_ = State::Idle;
    return std::exchange(result_, Result<void>());
}

void Background::wait() {
    const MutexLock guard(lock_);
    while (state_ == State::Given) {
        changed_.wait(lock_);
    }
}

void Background::serve() {
    while (true) {
        Job job;
        {
            const MutexLock guard(lock_);
            while (state_ != State::Given && !stopping_) {
                changed_.wait(lock_);
            }
            // What was given is done even when the owner goes: it may be the last write.
            if (state_ != State::Given) {
                return;
            }
            job = std::move(job_);
        }
        Result<void> result = job();
        // What the job holds ends here, before anybody is told that it has ended.
        job = nullptr;
        {
            const MutexLock guard(lock_);
            result_ = std::move(result);
            state_ = State::Done;
        }
        changed_.notify_all();
    }
}

}  // namespace countersign::sys
