#include "jail/child.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/init.h"
#include "sys/features.h"
#include "sys/files.h"
#include "sys/process.h"

namespace countersign::jail {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (std::string& word : words) {
        out.push_back(word.data());
    }
    out.push_back(nullptr);
    return out;
}

Result<void> write_map(pid_t pid, const char* file, const std::string& text) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
    const sys::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) {
        return sys::system_error(path);
    }
    return sys::write_all(fd, text);
}

/// user_namespaces(7): one user and one group, mapped to themselves; setgroups must be given up
/// first for an unprivileged writer.
Result<void> map_identity(pid_t pid) {
    const std::string user = std::to_string(::geteuid());
    const std::string group = std::to_string(::getegid());
    TRY(write_map(pid, "uid_map", user + " " + user + " 1"));
    TRY(write_map(pid, "setgroups", "deny"));
    return write_map(pid, "gid_map", group + " " + group + " 1");
}

std::vector<sys::FileAccess> access_of(const Plan& view) {
    std::vector<sys::FileAccess> out;
    for (const std::string& path : view.readable) {
        out.push_back({path, sys::FileAccess::Use::Execute});
    }
    for (const auto* list : {&view.writable, &view.devices}) {
        for (const std::string& path : *list) {
            out.push_back({path, sys::FileAccess::Use::Write});
        }
    }
    return out;
}

unsigned long filter_flags() {
    constexpr unsigned long kWaitKillable = 1UL << 5;
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    if (sys::probe_seccomp().seccomp_wait_killable) {
        flags |= kWaitKillable;
    }
    return flags;
}

/// clone3(2); 0 in the child.
pid_t clone_inside(ChildPlan::NetworkNamespace network, int& handle) {
    clone_args arguments{};
    arguments.flags =
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
    if (network == ChildPlan::NetworkNamespace::Own) {
        arguments.flags |= CLONE_NEWNET;
    }
    arguments.exit_signal = SIGCHLD;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&handle);
    return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

Result<std::pair<sys::Fd, sys::Fd>> message_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return sys::system_error("making a socket pair");
    }
    return std::pair(sys::Fd(ends[0]), sys::Fd(ends[1]));
}

struct StepName {
    ChildStep step;
    const char* what;
};

constexpr std::array kStepNames = {
    StepName{ChildStep::Mounts, "building the view"},
    StepName{ChildStep::Network, "raising the loopback interface"},
    StepName{ChildStep::Limits, "limiting resources"},
    StepName{ChildStep::Privileges, "giving up privileges"},
    StepName{ChildStep::Landlock, "restricting files with Landlock"},
    StepName{ChildStep::Agent, "starting the agent's process"},
    StepName{ChildStep::Filter, "installing the seccomp filter"},
    StepName{ChildStep::Directory, "entering the working directory"},
};

}  // namespace

Result<Child> start_child(const ChildPlan& plan) {
    std::vector<std::string> argv = plan.argv;
    std::vector<std::string> environment = plan.environment;
    std::vector<sock_filter> filter = plan.filter;
    auto pair = TRY(message_pair());
    Inside inside;
    inside.plan = &plan;
    inside.argv = pointers_to(argv);
    inside.environment = pointers_to(environment);
    for (const std::string& candidate : plan.candidates) {
        inside.candidates.push_back(candidate.c_str());
    }
    inside.filter = {static_cast<unsigned short>(filter.size()), filter.data()};
    inside.filter_flags = filter_flags();
    inside.access = access_of(plan.view);
    inside.slots.assign(static_cast<std::size_t>(plan.view.slots), -1);
    inside.control = pair.second.get();
    ::pthread_sigmask(SIG_BLOCK, nullptr, &inside.signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD}) {
        ::sigdelset(&inside.signals, number);
    }

    int handle = -1;
    const pid_t init = clone_inside(plan.network, handle);
    if (init == 0) {
        run_init(inside);
    }
    if (init < 0) {
        const int number = errno;
        Error error = sys::system_error("making namespaces", number);
        return Error(ErrorCode::Unsupported, error.message,
                     "user namespaces must be allowed for this user: see `countersign doctor`");
    }
    Child child;
    child.init = init;
    child.handle.reset(handle);
    child.control = std::move(pair.first);
    // Closing the control end ends the child that waits for it.
    TRY(map_identity(init));
    if (::send(child.control.get(), "g", 1, MSG_NOSIGNAL) != 1) {
        return sys::system_error("starting the jail");
    }
    return child;
}

Result<Received> receive_message(const sys::Fd& control) {
    Received received;
    iovec part{&received.message, sizeof received.message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(3 * sizeof(int))> space{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = space.data();
    header.msg_controllen = space.size();
    ssize_t count = 0;
    do {
        count = ::recvmsg(control.get(), &header, MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return sys::system_error("hearing from the jail");
    }
    if (count != static_cast<ssize_t>(sizeof received.message)) {
        return Error(ErrorCode::NotFound, "the jail ended without a word");
    }
    const cmsghdr* message = CMSG_FIRSTHDR(&header);
    std::array<int, 3> descriptors = {-1, -1, -1};
    if (message != nullptr && message->cmsg_type == SCM_RIGHTS &&
        message->cmsg_len >= CMSG_LEN(2 * sizeof(int)) &&
        message->cmsg_len <= CMSG_LEN(sizeof descriptors)) {
        std::memcpy(descriptors.data(), CMSG_DATA(message), message->cmsg_len - CMSG_LEN(0));
        received.listener.reset(descriptors[0]);
        received.root.reset(descriptors[1]);
        received.resolver.reset(descriptors[2]);
    }
    return received;
}

Error child_error(const ChildPlan& plan, const ChildMessage& message) {
    std::string what = "setting up the jail";
    for (const StepName& name : kStepNames) {
        if (static_cast<std::int32_t>(name.step) == message.step) {
            what = name.what;
        }
    }
    const auto at = static_cast<std::size_t>(message.status);
    if (message.step == static_cast<std::int32_t>(ChildStep::Mounts) &&
        at < plan.view.mounts.size()) {
        what += " at " + plan.view.mounts[at].path;
    }
    return {ErrorCode::Unsupported, sys::system_error(what, message.error).message,
            "see `countersign doctor` for what this machine lacks"};
}

}  // namespace countersign::jail
