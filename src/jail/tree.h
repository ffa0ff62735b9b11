// The jailed processes and the actions that started them: which released action a process belongs
// to (context.within), and how each ended (the outcome that is reported).
//
// Processes are held by pidfd, so that a reused number is never taken for its predecessor. A
// process that nobody of the tree released (a fork) belongs to what its nearest living ancestor
// does; one that was orphaned belongs to nothing and asks for itself, which is the strict side.
//
// Thread safety: every function may be called from any thread; a thread of its own reports.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "jail/asker.h"
#include "sys/fd.h"

namespace countersign::jail {

/// Who asks.
struct Caller {
    pid_t process = 0;   ///< thread group of the calling thread
    sys::Fd handle;      ///< pidfd of the process
    std::string within;  ///< id of the action it belongs to; empty: none
};

class Tree {
public:
    /// `init` is the namespace's first process: there the search for ancestors ends.
    static Result<std::unique_ptr<Tree>> create(pid_t init, const AskerFactory& askers);
    /// Use create().
    Tree(pid_t init, std::unique_ptr<Asker> asker, sys::Fd events, sys::Fd wake);
    /// Reports what has ended. To be destroyed when the tree is dead.
    ~Tree();
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    /// NotFound: the thread is gone.
    Result<Caller> identify(pid_t thread) EXCLUDES(lock_);
    /// The caller now runs `action`. What it ran before is reported as ended, exit unknown.
    void started(Caller caller, const std::string& action) EXCLUDES(lock_);
    /// `action` was released but never ran.
    void never_started(const std::string& action, const std::string& why) EXCLUDES(lock_);

private:
    struct Node {
        std::string action;
        sys::Fd handle;
        Duration since{};
        Duration ended{};
    };

    void serve();
    bool stopping() EXCLUDES(lock_);
    void sweep() EXCLUDES(lock_);
    void look_at(pid_t process) EXCLUDES(lock_);
    void add(model::OutcomeReport report) REQUIRES(lock_);
    void queue(model::OutcomeReport report) EXCLUDES(lock_);
    [[nodiscard]] int wait_ms() EXCLUDES(lock_);
    void send_due() EXCLUDES(lock_);
    void send_queued() EXCLUDES(lock_);
    void wake();
    std::string action_of(pid_t process) EXCLUDES(lock_);

    const pid_t init_;
    std::unique_ptr<Asker> asker_;
    sys::Fd events_;
    sys::Fd wake_;
    Mutex lock_;
    std::map<pid_t, Node> nodes_ GUARDED_BY(lock_);
    std::vector<model::OutcomeReport> reports_ GUARDED_BY(lock_);
    Duration oldest_ GUARDED_BY(lock_){};  ///< when the first of reports_ came
    bool stop_ GUARDED_BY(lock_) = false;
    std::thread thread_;
};

}  // namespace countersign::jail
