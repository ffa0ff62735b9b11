#include "jail/gatekeeper.h"

#include <array>
#include <cerrno>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "jail/pid_info.h"
#include "jail/tell.h"
#include "sys/real_clock.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

/// More than the gateway lets one session hold (kPendingPerSessionMax): it refuses before we run
/// out.
constexpr std::size_t kThreadsMax = limits::kPendingPerSessionMax + 8;
constexpr std::size_t kThreadsLeast = 2;
/// While an action is held: how often we look whether its caller still lives.
constexpr Duration kHeldLook = std::chrono::seconds(1);

/// One search through PATH takes no longer than this.
constexpr Duration kSameSearch = std::chrono::milliseconds(200);

bool readable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

/// Linux 6.6: caller and supervisor take turns, so that waking the one on another processor than
/// the other's only costs. Older kernels do without.
void wake_on_same_processor(const sys::Fd& listener) {
    constexpr unsigned long kSetFlags = _IOW('!', 4, std::uint64_t);
    constexpr std::uint64_t kSyncWakeUp = 1;
    ::ioctl(listener.get(), kSetFlags, kSyncWakeUp);
}

/// What the model reads. The gateway's message says what, why and what to do instead.
std::string line_for_agent(std::string_view message) {
    return "countersign: denied: " + text::visible_lines(message) + "\n";
}

bool is_plain(std::string_view word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";
    return !word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos;
}

/// As one would type it.
std::string command_line(const std::vector<std::string>& argv) {
    std::string out;
    for (const std::string& word : argv) {
        out += out.empty() ? "" : " ";
        if (is_plain(word)) {
            out += word;
            continue;
        }
        out += '\'';
        for (const char c : word) {
            out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        }
        out += '\'';
    }
    return out;
}

/// What reads on after "denied: ": a start cannot be exchanged, its caller has to ask for the other
/// one. Whoever typed the first start has nobody around it but `countersign run`.
std::string use_other_form(const client::ActionAnswer& answer, bool first) {
    const std::string line = command_line(answer.verdict.modified->argv);
    const std::string where =
        first ? "Start this instead, in place of the command after countersign run: "
              : "Run exactly this instead, it needs nobody: ";
    return "not started: " + answer.verdict.reason + ". " + where + line;
}

}  // namespace

Result<std::unique_ptr<Gatekeeper>> Gatekeeper::create(Settings settings) {
    sys::Fd stop(::eventfd(0, EFD_CLOEXEC));
    if (!stop) {
        return sys::system_error("making an event descriptor");
    }
    wake_on_same_processor(settings.listener);
    auto out = std::make_unique<Gatekeeper>(std::move(settings), std::move(stop));
    for (std::size_t i = 0; i < kThreadsLeast; ++i) {
        out->add_thread();
    }
    return out;
}

Gatekeeper::Gatekeeper(Settings settings, sys::Fd stop)
    : settings_(std::move(settings)), stop_(std::move(stop)) {}

Gatekeeper::~Gatekeeper() {
    stop();
}

void Gatekeeper::stop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
    std::vector<std::thread> threads;
    {
        const MutexLock guard(lock_);
        stopping_ = true;
        threads.swap(threads_);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

void Gatekeeper::add_thread() {
    const MutexLock guard(lock_);
    if (stopping_ || threads_.size() >= kThreadsMax) {
        return;
    }
    ++idle_;
    threads_.emplace_back([this] { serve(); });
}

/// Each thread waits in an epoll of its own that asks for exclusive wake-ups: one exec, one thread.
void Gatekeeper::serve() {
    const std::unique_ptr<Asker> asker = settings_.askers();
    const sys::Fd events(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event listener{};
    listener.events = EPOLLIN | EPOLLEXCLUSIVE;
    epoll_event stop{};
    stop.events = EPOLLIN;
    stop.data.u64 = 1;
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, settings_.listener.get(), &listener) != 0 ||
        ::epoll_ctl(events.get(), EPOLL_CTL_ADD, stop_.get(), &stop) != 0) {
        return;
    }
    seccomp_notif notification{};
    while (receive(events, &notification)) {
        bool lonely = false;
        {
            const MutexLock guard(lock_);
            lonely = --idle_ == 0;
        }
        if (lonely) {
            add_thread();
        }
        handle(*asker, &notification);
        const MutexLock guard(lock_);
        ++idle_;
    }
}

/// One notification; false: it is over. NOTIF_RECV would block when another thread was faster, so
/// only the holder of the lock receives, and only what is there.
bool Gatekeeper::receive(const sys::Fd& events, void* notification) {
    while (true) {
        std::array<epoll_event, 2> ready{};
        const int count = ::epoll_wait(events.get(), ready.data(), ready.size(), -1);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        bool waits = false;
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = ready[static_cast<std::size_t>(i)];
            if (event.data.u64 == 1 || (event.events & EPOLLIN) == 0) {
                // Told to stop, or the last jailed process is gone (EPOLLHUP alone).
                return false;
            }
            waits = true;
        }
        const MutexLock guard(receive_lock_);
        if (!waits || !readable(settings_.listener.get())) {
            continue;
        }
        // seccomp_unotify(2): the structure must be zero, or the kernel says EINVAL.
        *static_cast<seccomp_notif*>(notification) = {};
        if (::ioctl(settings_.listener.get(), SECCOMP_IOCTL_NOTIF_RECV, notification) == 0) {
            return true;
        }
    }
}

bool Gatekeeper::still_waits(std::uint64_t id) const {
    return ::ioctl(settings_.listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void Gatekeeper::refuse(std::uint64_t id, int error_number) const {
    seccomp_notif_resp response{};
    response.id = id;
    response.error = -error_number;
    // It fails when the caller is gone, and then nobody is to be refused.
    ::ioctl(settings_.listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response);
}

void Gatekeeper::refuse_loudly(const Question& question, std::string_view reason) const {
    tell(question.caller.handle, line_for_agent(reason));
    refuse(question.id, EACCES);
}

/// Reads and resolves. False: it was answered already (or the caller is gone).
bool Gatekeeper::understand(Asker& asker, const void* notification, Question& question) {
    const auto& notice = *static_cast<const seccomp_notif*>(notification);
    question.id = notice.id;
    auto caller = settings_.tree->identify(static_cast<pid_t>(notice.pid));
    if (!caller.ok()) {
        refuse(question.id, EACCES);
        return false;
    }
    question.caller = caller.take();
    auto call = read_call(notice);
    if (!call.ok()) {
        const bool too_long = call.error().code == ErrorCode::LimitExceeded;
        const bool absent = call.error().code == ErrorCode::InvalidArgument;
        tell(question.caller.handle, line_for_agent(call.error().message));
        refuse(question.id, too_long ? E2BIG : (absent ? EFAULT : EACCES));
        asker.note_refusal(call.error().message);
        return false;
    }
    question.call = call.take();
    // Only now is it certain that what was read belongs to the caller that asked (a number may be
    // used again after a death).
    if (!still_waits(question.id)) {
        return false;
    }
    const auto failure = settings_.resolver->resolve(question.call, question.program);
    if (failure) {
        const std::string why = question.call.path + ": " + failure->reason;
        if (!failure->reason.empty()) {
            tell(question.caller.handle, line_for_agent(why));
        }
        refuse(question.id, failure->error_number);
        if (!failure->reason.empty()) {
            asker.note_refusal(why);
        }
        return false;
    }
    model::ActionRequest& request = question.request;
    request.context = settings_.context;
    request.context.directory = question.program.directory;
    request.context.environment = question.call.environment;
    request.context.within = question.caller.within;
    request.action.kind = model::ActionKind::Exec;
    request.action.argv = question.call.argv;
    if (request.action.argv.empty()) {
        request.action.argv.emplace_back();
    }
    request.action.program = question.program.path;
    request.action.content = question.program.content;
    return true;
}

/// After EACCES shells and execvp(3) look for the same name further on in PATH, and find the same
/// file under another path (/bin is /usr/bin): that is not a second question.
bool Gatekeeper::denied_just_now(const Question& question) {
    sys::RealClock clock;
    const MutexLock guard(denial_lock_);
    return last_denial_.process == question.caller.process &&
           last_denial_.file == question.program.file && last_denial_.argv == question.call.argv &&
           clock.monotonic() - last_denial_.when < kSameSearch;
}

void Gatekeeper::remember_denial(const Question& question) {
    sys::RealClock clock;
    const MutexLock guard(denial_lock_);
    last_denial_ = {question.caller.process, question.program.file, question.call.argv,
                    clock.monotonic()};
}

/// Submits and, when held, waits for the end as long as the caller lives.
Result<client::ActionAnswer> Gatekeeper::ask(Asker& asker, const Question& question) {
    TRY(asker.begin(question.request));
    return settle(asker, question, [&] { return still_waits(question.id); });
}

/// The second half of ask(): the answer to what was begun.
template <class StillWaits>
Result<client::ActionAnswer> Gatekeeper::settle(Asker& asker, const Question& question,
                                                StillWaits still_waits) {
    client::ActionAnswer answer = TRY(asker.complete());
    learn(question, answer);
    if (!answer.open()) {
        if (answer.granted()) {
            ++counts_.allowed;
        }
        return answer;
    }
    ++counts_.held;
    observe_held(question, answer);
    while (answer.open() && still_waits()) {
        const std::string id = answer.id;
        answer = TRY(asker.await(id, kHeldLook));
    }
    return answer;
}

/// The gate knows destinations; asking, counting and showing are the same as for a start.
void Gatekeeper::handle_connect(Asker& asker, const void* notification) {
    const auto& notice = *static_cast<const seccomp_notif*>(notification);
    settings_.network->handle(notice, asker, [&](const model::ActionRequest& request) {
        Question question;
        question.id = notice.id;
        question.request = request;
        ++counts_.actions;
        auto answer = ask(asker, question);
        if (answer.ok()) {
            observe_decided(question, answer.value());
        }
        counts_.denied += answer.ok() && answer->granted() ? 0 : 1;
        return answer;
    });
}

void Gatekeeper::handle(Asker& asker, const void* notification) {
    if (static_cast<const seccomp_notif*>(notification)->data.nr == SYS_connect &&
        settings_.network != nullptr) {
        handle_connect(asker, notification);
        return;
    }
    Question question;
    if (!understand(asker, notification, question)) {
        return;
    }
    if (denied_just_now(question)) {
        refuse(question.id, EACCES);
        return;
    }
    ++counts_.actions;
    if (expected_.grant(question.call, question.program)) {
        load_first(asker, question);
    } else {
        ask_first(asker, question);
    }
}

/// False: nothing is started, which is counted and shown, and `why` is for the agent.
bool Gatekeeper::permitted(const Question& question, const Result<client::ActionAnswer>& answer,
                           std::string& why) {
    if (!answer.ok()) {
        why = "the gateway gives no answer (" + answer.error().message +
              "), so nothing is started. Tell the person; do not try again.";
    } else if (answer->granted() && !answer->verdict.modified) {
        return true;
    } else {
        observe_decided(question, answer.value());
        if (answer->granted()) {
            settings_.tree->never_started(answer->id, "only a changed form of it may run");
            why = use_other_form(answer.value(), question.request.context.within.empty());
        } else {
            why = answer->message;
        }
    }
    ++counts_.denied;
    return false;
}

/// From the first answer: what is granted only after a vote is not to be expected.
void Gatekeeper::learn(const Question& question, const client::ActionAnswer& answer) {
    if (question.request.action.kind != model::ActionKind::Exec) {
        return;
    }
    if (answer.granted() && !answer.verdict.modified) {
        expected_.granted(question.call, question.program);
    } else {
        expected_.not_granted(question.call, question.program);
    }
}

void Gatekeeper::ask_first(Asker& asker, Question& question) {
    const auto answer = ask(asker, question);
    std::string why;
    if (!permitted(question, answer, why)) {
        remember_denial(question);
        refuse_loudly(question, why);
        return;
    }
    auto stop = ExecStop::let_go(settings_.listener.get(), question.id, question.call);
    std::string differs = stop.ok() ? words_differ(stop.value(), question) : std::string();
    start(question, answer.value(), std::move(stop), std::move(differs));
    observe_decided(question, answer.value());
}

/// The gateway judges while the kernel loads. Nothing of the new program runs before the answer.
void Gatekeeper::load_first(Asker& asker, Question& question) {
    auto stop = ExecStop::let_go(settings_.listener.get(), question.id, question.call);
    const auto begun = asker.begin(question.request);
    std::string differs = stop.ok() ? words_differ(stop.value(), question) : std::string();
    const bool stands = stop.ok() && stop->reached() == ExecStop::Reached::Loaded;
    const auto answer =
        begun.ok() ? settle(asker, question,
                            [&] {
                                return stop.ok() ? stands && !has_ended(question.caller.handle)
                                                 : still_waits(question.id);
                            })
                   : Result<client::ActionAnswer>(begun.error());
    std::string why;
    if (permitted(question, answer, why)) {
        start(question, answer.value(), std::move(stop), std::move(differs));
        observe_decided(question, answer.value());
        return;
    }
    if (!stop.ok()) {
        remember_denial(question);
        refuse_loudly(question, why);
    } else if (stands) {
        tell(question.caller.handle, line_for_agent(why));
        stop->kill();
    }
}

std::string Gatekeeper::words_differ(ExecStop& stop, const Question& question) const {
    if (settings_.check == ExecCheck::Skipped || stop.reached() != ExecStop::Reached::Loaded) {
        return "";
    }
    return stop.words_differ(question.call, question.program);
}

/// What was granted: it runs, or is reported as never started. Takes the caller's handle.
void Gatekeeper::start(Question& question, const client::ActionAnswer& answer,
                       Result<ExecStop> stop, std::string differs) {
    if (!stop.ok()) {
        ++counts_.denied;
        settings_.tree->never_started(answer.id, stop.error().message);
        refuse_loudly(question, "the start cannot be verified: " + stop.error().message);
        return;
    }
    if (stop->reached() != ExecStop::Reached::Loaded) {
        const bool failed = stop->reached() == ExecStop::Reached::Failed;
        settings_.tree->never_started(answer.id, failed ? "the kernel refused the start"
                                                        : "the caller died before the start");
        return;
    }
    if (settings_.saver != nullptr && differs.empty()) {
        settings_.saver->before(question.request.action, answer);
    }
    if (settings_.check == ExecCheck::Made && differs.empty()) {
        differs = stop->files_differ(question.program);
    }
    if (!differs.empty()) {
        stop->kill();
        ++counts_.denied;
        settings_.tree->never_started(answer.id, "killed: " + differs);
        return;
    }
    // Before its first instruction: what it starts must be found to be within it.
    settings_.tree->started(std::move(question.caller), answer.id);
    stop->run();
}

void Gatekeeper::observe_held(const Question& question, const client::ActionAnswer& answer) {
    if (settings_.observer != nullptr) {
        const MutexLock guard(observer_lock_);
        settings_.observer->held(question.request, answer);
    }
}

void Gatekeeper::observe_decided(const Question& question, const client::ActionAnswer& answer) {
    if (settings_.observer != nullptr) {
        const MutexLock guard(observer_lock_);
        settings_.observer->decided(question.request, answer);
    }
}

}  // namespace countersign::jail
