#include "jail/supervisor.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/child.h"
#include "jail/filter.h"
#include "jail/gatekeeper.h"
#include "jail/names.h"
#include "jail/network_gate.h"
#include "jail/plan.h"
#include "sys/process.h"
#include "sys/real_clock.h"

namespace countersign::jail {
namespace {

constexpr std::array kForwarded = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

/// Signals to hand on arrive on a descriptor while this lives.
class SignalWatch {
public:
    SignalWatch() {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int number : kForwarded) {
            ::sigaddset(&set, number);
        }
        ::pthread_sigmask(SIG_BLOCK, &set, &before_);
        descriptor_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    ~SignalWatch() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_.get(); }
    /// The signal to hand on, or 0. What the terminal sent reached the tree by itself: it shares
    /// our process group.
    [[nodiscard]] int next() const {
        signalfd_siginfo info{};
        const ssize_t count = ::read(descriptor_.get(), &info, sizeof info);
        if (count != static_cast<ssize_t>(sizeof info) || info.ssi_code == SI_KERNEL) {
            return 0;
        }
        return static_cast<int>(info.ssi_signo);
    }

private:
    sigset_t before_{};
    sys::Fd descriptor_;
};

/// Looking whether a file is open for writing takes a lease on it for an instant (program.cc).
/// Whoever opens it for writing just then has SIGIO sent to us, which would be our end. To be made
/// after the inside was started, which would inherit it.
class LeaseSignalIgnored {
public:
    LeaseSignalIgnored() {
        struct sigaction ignore{};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGIO, &ignore, &before_);
    }
    ~LeaseSignalIgnored() { ::sigaction(SIGIO, &before_, nullptr); }
    LeaseSignalIgnored(const LeaseSignalIgnored&) = delete;
    LeaseSignalIgnored& operator=(const LeaseSignalIgnored&) = delete;

private:
    struct sigaction before_{};
};

/// Names that an agent must not inherit: they lead to powers outside of the jail.
constexpr std::array<std::string_view, 6> kRemoved = {
    "SSH_AUTH_SOCK",  "SSH_AGENT_PID",           "DBUS_SESSION_BUS_ADDRESS",
    "GPG_AGENT_INFO", "DBUS_SYSTEM_BUS_ADDRESS", "KRB5CCNAME"};

bool is_removed(std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('='));
    return name.starts_with("COUNTERSIGN_") ||
           std::find(kRemoved.begin(), kRemoved.end(), name) != kRemoved.end();
}

std::vector<std::string> environment_for(const RunOptions& options) {
    std::vector<std::string> out;
    for (std::string& entry : sys::whole_environment()) {
        if (!is_removed(entry)) {
            out.push_back(std::move(entry));
        }
    }
    out.push_back("COUNTERSIGN_SESSION=" + options.session_token);
    out.push_back("COUNTERSIGN_SOCKET=" + options.agent_socket);
    return out;
}

/// Where execvp(3) would look.
std::vector<std::string> candidates_for(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return {name};
    }
    const std::string path = sys::environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::string directory = path.substr(at, end - at);
        out.push_back(directory.empty() ? name : directory + "/" + name);
        at = end + 1;
    }
    return out;
}

model::Context context_for(const RunOptions& options) {
    model::Context context;
    context.session = options.session_id;
    context.agent = options.agent;
    context.door = "run";
    context.host = sys::host_name();
    context.workspace = options.workspace;
    context.home = options.home;
    context.contained = true;
    context.staged = !options.stage.empty();
    return context;
}

/// Each running program holds a descriptor, so the ordinary limit of 1024 is too low.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Until the inside says how it ended. Signals meanwhile are handed on.
Result<ChildMessage> wait_for_end(const Child& child, const SignalWatch& signals) {
    while (true) {
        std::array<pollfd, 2> entries = {pollfd{child.control.get(), POLLIN, 0},
                                         pollfd{signals.descriptor(), POLLIN, 0}};
        if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) {
            return sys::system_error("waiting for the agent");
        }
        if ((entries[1].revents & POLLIN) != 0) {
            const int number = signals.next();
            if (number != 0) {
                (void)sys::signal_process(child.handle, number);
            }
        }
        if ((entries[0].revents & (POLLIN | POLLHUP)) != 0) {
            const Received received = TRY(receive_message(child.control));
            if (received.message.kind != ChildMessage::Kind::ExecFailed) {
                return received.message;
            }
        }
    }
}

/// Kills the namespace's first process, and with it everything in there: at the latest when this
/// goes. Afterwards all are reaped.
class TreeEnd {
public:
    explicit TreeEnd(const Child& child) : child_(child) {}
    ~TreeEnd() { now(); }
    TreeEnd(const TreeEnd&) = delete;
    TreeEnd& operator=(const TreeEnd&) = delete;

    void now() {
        if (done_) {
            return;
        }
        (void)sys::signal_process(child_.handle, SIGKILL);
        int status = 0;
        while (::waitpid(child_.init, &status, __WALL) < 0 && errno == EINTR) {
        }
        done_ = true;
    }

private:
    const Child& child_;
    bool done_ = false;
};

Result<ChildPlan> plan_for(const RunOptions& options) {
    if (options.argv.empty()) {
        return Error(ErrorCode::InvalidArgument, "no program to run");
    }
    ChildPlan plan;
    plan.view = TRY(make_plan(options));
    const bool machine = has_machine_network(options);
    plan.network =
        machine ? ChildPlan::NetworkNamespace::Machine : ChildPlan::NetworkNamespace::Own;
    plan.limits = options.limits;
    plan.processes_text = std::to_string(options.limits.processes);
    plan.filter = TRY(make_filter(machine ? Connects::Free : Connects::Reported));
    plan.directory = options.directory;
    plan.candidates = candidates_for(options.argv.front());
    plan.argv = options.argv;
    plan.environment = environment_for(options);
    return plan;
}

struct NetworkDoors {
    std::unique_ptr<NetworkGate> gate;
    std::unique_ptr<NameServer> server;
};

/// Empty with the machine's network.
Result<NetworkDoors> open_network(const RunOptions& options, const ChildPlan& plan, Received& first,
                                  NameTable& names, Tree& tree) {
    NetworkDoors doors;
    if (has_machine_network(options)) {
        return doors;
    }
    NetworkGate::Settings settings;
    settings.listener = first.listener.get();
    settings.root = TRY(sys::duplicate(first.root));
    settings.socket_places = plan.view.sockets;
    settings.network = options.network;
    settings.context = context_for(options);
    settings.names = &names;
    settings.tree = &tree;
    doors.gate = std::make_unique<NetworkGate>(std::move(settings));
    doors.server = TRY(NameServer::create(std::move(first.resolver), names));
    return doors;
}

void fill_counts(const Gatekeeper::Counts& counts, RunReport& report) {
    report.actions = counts.actions;
    report.allowed = counts.allowed;
    report.held = counts.held;
    report.denied = counts.denied;
}

}  // namespace

Result<RunReport> supervise(const RunOptions& options, const AskerFactory& askers,
                            std::optional<UnverifiedStarts> unverified) {
    sys::RealClock clock;
    const Duration begin = clock.monotonic();
    const ChildPlan plan = TRY(plan_for(options));
    raise_descriptor_limit();
    const SignalWatch signals;
    const Child child = TRY(start_child(plan));
    const LeaseSignalIgnored ignored;
    TreeEnd tree_end(child);

    Received first = TRY(receive_message(child.control));
    if (first.message.kind != ChildMessage::Kind::Listener || !first.listener || !first.root) {
        return child_error(plan, first.message);
    }
    const auto tree = TRY(Tree::create(child.init, askers));
    NameTable names;
    const auto doors = TRY(open_network(options, plan, first, names, *tree));
    Resolver resolver(std::move(first.root), plan.view.changeable);
    Gatekeeper::Settings settings;
    settings.listener = std::move(first.listener);
    settings.askers = askers;
    settings.observer = options.observer;
    settings.context = context_for(options);
    settings.resolver = &resolver;
    settings.tree = tree.get();
    settings.network = doors.gate.get();
    std::optional<Saver> saver;
    if (options.saves != nullptr) {
        settings.saver = &saver.emplace(*options.saves);
    }
    settings.check = unverified ? ExecCheck::Skipped : ExecCheck::Made;
    const auto gatekeeper = TRY(Gatekeeper::create(std::move(settings)));

    const ChildMessage end = TRY(wait_for_end(child, signals));
    tree_end.now();
    gatekeeper->stop();
    if (end.kind == ChildMessage::Kind::Failed) {
        return child_error(plan, end);
    }
    RunReport report;
    report.exit_code = exit_code_of(end.status);
    report.duration = clock.monotonic() - begin;
    fill_counts(gatekeeper->counts(), report);
    return report;
}

}  // namespace countersign::jail
