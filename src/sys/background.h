// One thread that does one job at a time, for calls that wait for a disk while an event loop must
// not: fsync, a database's commit. The owner starts a job, goes on, and asks later how it ended.
//
// The thread starts with the first job, so a process that confines itself first (confine.h) has it
// confined as well. It blocks all signals: they are the main thread's.
//
// The owner's calls are not thread safe among themselves; what a job touches is its own business
// until wait() or take() said that it has ended. Destruction waits for the job.
#pragma once

#include <condition_variable>
#include <functional>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"

namespace countersign::sys {

class Background {
public:
    using Job = std::function<Result<void>()>;

    Background() = default;
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    /// Conflict: the job before runs, or nobody took its result. Unavailable: no thread could be
    /// started. The job does not run then.
    Result<void> start(Job job);
    /// Whether a job was started whose result was not taken.
    [[nodiscard]] bool busy() const;
    /// How the job ended, once; nullopt: it still runs, or there is none.
    std::optional<Result<void>> take();
    /// Until the job, if there is one, has ended. Its result stays to be taken.
    void wait();

private:
    enum class State { Idle, Given, Done };
    void serve();

    mutable Mutex lock_;
    std::condition_variable_any changed_;
    State state_ GUARDED_BY(lock_) = State::Idle;
    bool stopping_ GUARDED_BY(lock_) = false;
    Job job_ GUARDED_BY(lock_);
    Result<void> result_ GUARDED_BY(lock_);
    std::thread thread_;
};

}  // namespace countersign::sys
