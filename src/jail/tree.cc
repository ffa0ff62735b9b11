#include "jail/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/pid_info.h"
#include "sys/process.h"
#include "sys/real_clock.h"

namespace countersign::jail {
namespace {

/// Ancestors that are looked at; a deeper chain of forks counts as belonging to nothing.
constexpr int kAncestorsMax = 256;
constexpr std::uint64_t kWakeEvent = 0;
/// Outcomes are gathered for so long, or up to so many, and then reported together: a report costs
/// the gateway as much as a decision, and a build starts hundreds of programs a second.
constexpr Duration kGatherFor = std::chrono::milliseconds(20);
constexpr std::size_t kGatherMost = 64;

std::optional<int> shell_code(int status) {
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    return WIFSIGNALED(status) ? std::optional(128 + WTERMSIG(status)) : std::nullopt;
}

Duration monotonic() {
    sys::RealClock clock;
    return clock.monotonic();
}

model::Outcome outcome_of(Duration since, Duration until, std::optional<int> code) {
    model::Outcome outcome;
    outcome.exit_code = code;
    outcome.duration_us =
        std::chrono::duration_cast<std::chrono::microseconds>(until - since).count();
    return outcome;
}

}  // namespace

Result<std::unique_ptr<Tree>> Tree::create(pid_t init, const AskerFactory& askers) {
    sys::Fd events(::epoll_create1(EPOLL_CLOEXEC));
    sys::Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!events || !wake) {
        return sys::system_error("watching processes");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWakeEvent;
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
        return sys::system_error("watching processes");
    }
    return std::make_unique<Tree>(init, askers(), std::move(events), std::move(wake));
}

Tree::Tree(pid_t init, std::unique_ptr<Asker> asker, sys::Fd events, sys::Fd wake)
    : init_(init),
      asker_(std::move(asker)),
      events_(std::move(events)),
      wake_(std::move(wake)),
      thread_([this] { serve(); }) {}

Tree::~Tree() {
    {
        const MutexLock guard(lock_);
        stop_ = true;
    }
    wake();
    thread_.join();
}

void Tree::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

std::string Tree::action_of(pid_t process) {
    const MutexLock guard(lock_);
    const auto found = nodes_.find(process);
    if (found == nodes_.end() || has_ended(found->second.handle)) {
        return "";
    }
    return found->second.action;
}

Result<Caller> Tree::identify(pid_t thread) {
    Caller caller;
    caller.handle = TRY(open_thread(thread));
    auto info = pid_info(caller.handle, thread);
    if (!info) {
        return Error(ErrorCode::NotFound, "the caller is gone");
    }
    caller.process = info->process;
    if (info->process != thread) {
        caller.handle = TRY(sys::open_process(info->process));
    }
    pid_t process = caller.process;
    for (int depth = 0; depth < kAncestorsMax && process > 0 && process != init_; ++depth) {
        caller.within = action_of(process);
        if (!caller.within.empty()) {
            break;
        }
        if (depth > 0) {
            const auto ancestor = sys::open_process(process);
            info = ancestor.ok() ? pid_info(ancestor.value(), process) : std::nullopt;
        }
        process = info ? info->parent : 0;
    }
    return caller;
}

void Tree::started(Caller caller, const std::string& action) {
    const Duration now = monotonic();
    const MutexLock guard(lock_);
    const auto found = nodes_.find(caller.process);
    if (found != nodes_.end() && !has_ended(found->second.handle)) {
        Node& node = found->second;
        add({node.action, outcome_of(node.since, now, std::nullopt)});
        node.action = action;
        node.since = now;
        return;
    }
    if (found != nodes_.end()) {
        // The number was used again before we heard of the end.
        add({found->second.action, outcome_of(found->second.since, now, std::nullopt)});
        nodes_.erase(found);
    }
    epoll_event event{};
    event.events = EPOLLIN | EPOLLHUP | EPOLLET;
    event.data.u64 = static_cast<std::uint64_t>(caller.process);
    Node node{action, std::move(caller.handle), now, {}};
    // Without a watch the outcome stays unknown; the process itself is not less confined.
    ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, node.handle.get(), &event);
    nodes_.emplace(caller.process, std::move(node));
}

void Tree::never_started(const std::string& action, const std::string& why) {
    model::Outcome outcome;
    outcome.started = false;
    outcome.error = why;
    queue({action, std::move(outcome)});
}

void Tree::queue(model::OutcomeReport report) {
    const MutexLock guard(lock_);
    add(std::move(report));
}

/// The reporting thread sleeps without a limit while there is nothing to report.
void Tree::add(model::OutcomeReport report) {
    reports_.push_back(std::move(report));
    if (reports_.size() == 1) {
        oldest_ = monotonic();
    }
    if (reports_.size() == 1 || reports_.size() == kGatherMost) {
        wake();
    }
}

void Tree::look_at(pid_t process) {
    const MutexLock guard(lock_);
    const auto found = nodes_.find(process);
    if (found == nodes_.end()) {
        return;
    }
    Node& node = found->second;
    if (node.ended == Duration{}) {
        node.ended = monotonic();
    }
    int status = 0;
    const ExitKnown known = exit_status(node.handle, status);
    if (known == ExitKnown::NotYet) {
        return;
    }
    const auto code = known == ExitKnown::Yes ? shell_code(status) : std::nullopt;
    add({node.action, outcome_of(node.since, node.ended, code)});
    nodes_.erase(found);
}

void Tree::send_queued() {
    std::vector<model::OutcomeReport> reports;
    {
        const MutexLock guard(lock_);
        reports.swap(reports_);
    }
    if (!reports.empty()) {
        // An outcome that cannot be reported is missing in the log, which shows it as open.
        (void)asker_->report(reports);
    }
}

/// For epoll_wait(2): until the gathered reports are due.
int Tree::wait_ms() {
    const MutexLock guard(lock_);
    if (reports_.empty()) {
        return -1;
    }
    const Duration left = oldest_ + kGatherFor - monotonic();
    return static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

void Tree::send_due() {
    {
        const MutexLock guard(lock_);
        const bool due = reports_.size() >= kGatherMost ||
                         (!reports_.empty() && monotonic() - oldest_ >= kGatherFor);
        if (!due) {
            return;
        }
    }
    send_queued();
}

bool Tree::stopping() {
    const MutexLock guard(lock_);
    return stop_;
}

/// The last look: the whole tree is dead and reaped by now.
void Tree::sweep() {
    std::vector<pid_t> processes;
    {
        const MutexLock guard(lock_);
        for (const auto& [process, node] : nodes_) {
            processes.push_back(process);
        }
    }
    for (const pid_t process : processes) {
        look_at(process);
    }
}

void Tree::serve() {
    std::array<epoll_event, 64> events{};
    while (true) {
        const int count = ::epoll_wait(events_.get(), events.data(), events.size(), wait_ms());
        for (int i = 0; i < count; ++i) {
            const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
            if (key == kWakeEvent) {
                std::uint64_t drained = 0;
                [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &drained, sizeof drained);
            } else {
                look_at(static_cast<pid_t>(key));
            }
        }
        send_due();
        if (stopping()) {
            sweep();
            send_queued();
            return;
        }
    }
}

}  // namespace countersign::jail
