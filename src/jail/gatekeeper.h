// Answers the tree's execs: reads each, asks the gateway, and lets it go or refuses it. What is
// expected to be granted is loaded while the gateway judges, and stands before its first
// instruction until the answer is there (docs/decisions/0009-loading-while-asking.md). While one
// waits for people the others go on: each held exec occupies a thread, and there is always another
// one up to kThreadsMax; beyond that, callers wait in the kernel's queue.
//
// Thread safety: create, then stop() from one thread. The observer is called one at a time.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "jail/asker.h"
#include "jail/call.h"
#include "jail/exec_stop.h"
#include "jail/expected.h"
#include "jail/jail.h"
#include "jail/network_gate.h"
#include "jail/program.h"
#include "jail/saver.h"
#include "jail/tree.h"
#include "sys/fd.h"

namespace countersign::jail {

/// Whether what was loaded is compared with what was decided. Skipped exists for one canary only
/// (jail/unverified_starts.h).
enum class ExecCheck { Made, Skipped };

class Gatekeeper {
public:
    struct Settings {
        sys::Fd listener;
        AskerFactory askers;
        Observer* observer = nullptr;    ///< may be nullptr; not owned
        model::Context context;          ///< what all actions of this run share
        Resolver* resolver = nullptr;    ///< not owned
        Tree* tree = nullptr;            ///< not owned
        NetworkGate* network = nullptr;  ///< not owned; nullptr: connects are not reported
        Saver* saver = nullptr;          ///< not owned; nullptr: nothing is kept for undo
        ExecCheck check = ExecCheck::Made;
    };
    struct Counts {
        std::atomic<long> actions = 0;
        std::atomic<long> allowed = 0;
        std::atomic<long> held = 0;
        std::atomic<long> denied = 0;
    };

    static Result<std::unique_ptr<Gatekeeper>> create(Settings settings);
    /// Use create().
    Gatekeeper(Settings settings, sys::Fd stop);
    /// Calls stop().
    ~Gatekeeper();
    Gatekeeper(const Gatekeeper&) = delete;
    Gatekeeper& operator=(const Gatekeeper&) = delete;

    /// Ends all threads; execs that still wait fail. The tree must be dead or doomed.
    void stop();
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    struct Question {
        std::uint64_t id = 0;
        Call call;
        Program program;
        Caller caller;
        model::ActionRequest request;
    };

    /// What was refused last, and to whom.
    struct Denial {
        pid_t process = 0;
        FileIdentity file;
        std::vector<std::string> argv;
        Duration when{};
    };

    void add_thread() EXCLUDES(lock_);
    void serve();
    bool receive(const sys::Fd& events, void* notification) EXCLUDES(lock_);
    void handle(Asker& asker, const void* notification);
    void handle_connect(Asker& asker, const void* notification);
    bool understand(Asker& asker, const void* notification, Question& question);
    Result<client::ActionAnswer> ask(Asker& asker, const Question& question);
    template <class StillWaits>
    Result<client::ActionAnswer> settle(Asker& asker, const Question& question,
                                        StillWaits still_waits);
    void learn(const Question& question, const client::ActionAnswer& answer);
    void ask_first(Asker& asker, Question& question);
    void load_first(Asker& asker, Question& question);
    bool permitted(const Question& question, const Result<client::ActionAnswer>& answer,
                   std::string& why);
    void start(Question& question, const client::ActionAnswer& answer, Result<ExecStop> stop,
               std::string differs);
    [[nodiscard]] std::string words_differ(ExecStop& stop, const Question& question) const;
    void refuse(std::uint64_t id, int error_number) const;
    void refuse_loudly(const Question& question, std::string_view reason) const;
    bool denied_just_now(const Question& question) EXCLUDES(denial_lock_);
    void remember_denial(const Question& question) EXCLUDES(denial_lock_);
    [[nodiscard]] bool still_waits(std::uint64_t id) const;
    void observe_held(const Question& question, const client::ActionAnswer& answer)
        EXCLUDES(observer_lock_);
    void observe_decided(const Question& question, const client::ActionAnswer& answer)
        EXCLUDES(observer_lock_);

    Settings settings_;
    sys::Fd stop_;
    Counts counts_;
    Expected expected_;
    Mutex lock_;
    std::vector<std::thread> threads_ GUARDED_BY(lock_);
    int idle_ GUARDED_BY(lock_) = 0;
    bool stopping_ GUARDED_BY(lock_) = false;
    Mutex receive_lock_;
    Mutex denial_lock_;
    Denial last_denial_ GUARDED_BY(denial_lock_);
    Mutex observer_lock_;
};

}  // namespace countersign::jail
