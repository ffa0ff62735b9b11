#include "jail/init.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/endpoint.h"
#include "sys/confine.h"

namespace countersign::jail {
namespace {

void send_message(const Inside& inside, const ChildMessage& message) {
    [[maybe_unused]] const ssize_t sent =
        ::send(inside.control, &message, sizeof message, MSG_NOSIGNAL);
}

[[noreturn]] void fail(const Inside& inside, ChildStep step, std::int32_t detail = 0) {
    ChildMessage message;
    message.kind = ChildMessage::Kind::Failed;
    message.step = static_cast<std::int32_t>(step);
    message.error = errno;
    message.status = detail;
    send_message(inside, message);
    ::_exit(125);
}

// --- The view ----------------------------------------------------------------------------------

bool grab(Inside& inside, const MountStep& step) {
    const long tree = ::syscall(SYS_open_tree, AT_FDCWD, step.path.c_str(),
                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) {
        return false;
    }
    inside.slots[static_cast<std::size_t>(step.slot)] = static_cast<int>(tree);
    return true;
}

bool put(const Inside& inside, const MountStep& step) {
    return ::syscall(SYS_move_mount, inside.slots[static_cast<std::size_t>(step.slot)], "",
                     AT_FDCWD, step.path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool make_file(const char* path) {
    const int fd = ::open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) {
        return false;
    }
    // Raw, since an Fd belongs to code that may run destructors; this process never does.
    ::syscall(SYS_close, fd);
    return true;
}

/// The paths go in as descriptors: however long they are and whatever they hold, nothing of them
/// has to be quoted, and the tree's mountinfo does not show where the stage lies.
bool mount_overlay(const MountStep& step) {
    constexpr int kLower = 240;
    constexpr int kUpper = 241;
    constexpr int kWork = 242;
    const int lower = ::open(step.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int stage = ::open(step.source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int upper = ::openat(stage, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int work = ::openat(stage, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (::dup3(lower, kLower, O_CLOEXEC) != kLower || ::dup3(upper, kUpper, O_CLOEXEC) != kUpper ||
        ::dup3(work, kWork, O_CLOEXEC) != kWork) {
        return false;
    }
    // userxattr: overlayfs of a user namespace may not use trusted.* attributes (Linux 5.11).
    const bool mounted = ::mount("overlay", step.path.c_str(), "overlay", MS_NOSUID | MS_NODEV,
                                 "lowerdir=/proc/self/fd/240,upperdir=/proc/self/fd/241,"
                                 "workdir=/proc/self/fd/242,userxattr") == 0;
    const int error = errno;
    for (const int fd : {lower, stage, upper, work, kLower, kUpper, kWork}) {
        ::syscall(SYS_close, fd);
    }
    errno = error;
    return mounted;
}

/// Only adds to what the mount forbids already, so it cannot collide with what is locked.
bool make_read_only(const char* path, std::uint64_t also, unsigned reach) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | also;
    return ::syscall(SYS_mount_setattr, AT_FDCWD, path, reach, &attributes, sizeof attributes) == 0;
}

bool make_text(const char* path, const std::string& content) {
    const int fd = ::open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
    if (fd < 0) {
        return false;
    }
    const bool written =
        ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    ::syscall(SYS_close, fd);
    return written;
}

bool existing(bool done) {
    return done || errno == EEXIST;
}

bool take_step(Inside& inside, const MountStep& step) {
    const char* path = step.path.c_str();
    constexpr unsigned long kQuiet = MS_NOSUID | MS_NODEV;
    switch (step.kind) {
        case MountStep::Kind::Detach:
            return ::mount("none", path, nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        case MountStep::Kind::Overlay:
            return mount_overlay(step);
        case MountStep::Kind::Grab:
            return grab(inside, step);
        case MountStep::Kind::Tmpfs:
            return ::mount("tmpfs", path, "tmpfs", kQuiet, step.source.c_str()) == 0;
        case MountStep::Kind::Directory:
            return existing(::mkdir(path, 0755) == 0);
        case MountStep::Kind::File:
            return existing(make_file(path));
        case MountStep::Kind::Text:
            return make_text(path, step.source);
        case MountStep::Kind::Cover:
            return ::mount(step.source.c_str(), path, nullptr, MS_BIND, nullptr) == 0;
        case MountStep::Kind::Link:
            return existing(::symlink(step.source.c_str(), path) == 0);
        case MountStep::Kind::Put:
            return put(inside, step);
        case MountStep::Kind::Null:
            return ::mount("/dev/null", path, nullptr, MS_BIND, nullptr) == 0;
        case MountStep::Kind::Proc:
            return ::mount("proc", path, "proc", kQuiet | MS_NOEXEC, nullptr) == 0;
        case MountStep::Kind::Pts:
            return ::mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
                           "newinstance,ptmxmode=0666,mode=620") == 0;
        case MountStep::Kind::ReadOnly:
            return make_read_only(path, MOUNT_ATTR_NODEV, 0);
        case MountStep::Kind::Seal:
            // Devices stay devices: those that are shown come from there.
            return make_read_only(path, 0, AT_RECURSIVE);
    }
    return false;
}

void build_view(Inside& inside) {
    const std::vector<MountStep>& steps = inside.plan->view.mounts;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!take_step(inside, steps[i]) && !steps[i].optional) {
            fail(inside, ChildStep::Mounts, static_cast<std::int32_t>(i));
        }
    }
}

// --- Giving up powers --------------------------------------------------------------------------

void raise_loopback(const Inside& inside) {
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
        fail(inside, ChildStep::Network);
    }
    // getaddrinfo(3) with AI_ADDRCONFIG knows no IPv4 without an address beside 127.0.0.1.
    std::memcpy(request.ifr_name, "lo:1", sizeof "lo:1");
    const auto set = [&](unsigned long what, std::uint32_t value) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(value);
        std::memcpy(&request.ifr_addr, &address, sizeof address);
        return ::ioctl(fd, what, &request) == 0;
    };
    if (!set(SIOCSIFADDR, kInsideOwn) || !set(SIOCSIFNETMASK, 0xffffffff)) {
        fail(inside, ChildStep::Network);
    }
    ::syscall(SYS_close, fd);
}

/// Where the supervisor will answer for host names.
int open_resolver(const Inside& inside) {
    constexpr std::uint16_t kDomain = 53;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kDomain);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(inside, ChildStep::Network);
    }
    return fd;
}

/// Fork bombs stay inside. Processes of root are not counted by RLIMIT_NPROC; that a PID namespace
/// has a size of its own came with Linux 6.14. Cores would carry memory into the workspace.
void limit_resources(const Inside& inside) {
    const auto most = static_cast<rlim_t>(inside.plan->limits.processes);
    const rlimit processes{most, most};
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NPROC, &processes) != 0 || ::setrlimit(RLIMIT_CORE, &none) != 0) {
        fail(inside, ChildStep::Limits);
    }
    const int size = ::open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
    const std::string& text = inside.plan->processes_text;
    // Before Linux 6.14 this is the machine's own, and not ours to write.
    if (size >= 0) {
        [[maybe_unused]] const ssize_t written = ::write(size, text.data(), text.size());
        ::syscall(SYS_close, size);
    }
}

void drop_capabilities(const Inside& inside) {
    for (unsigned long capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
         ++capability) {
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capset, &header, data) != 0 ||
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        fail(inside, ChildStep::Privileges);
    }
}

// --- The agent ---------------------------------------------------------------------------------

/// The listener and the tree's root directory go to the supervisor.
bool send_listener(const Inside& inside, int listener, int root) {
    ChildMessage message;
    message.kind = ChildMessage::Kind::Listener;
    const std::array<int, 3> descriptors = {listener, root, inside.resolver};
    const std::size_t size = (inside.resolver < 0 ? 2 : 3) * sizeof(int);
    iovec part{&message, sizeof message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> space{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = space.data();
    header.msg_controllen = space.size();
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(size);
    header.msg_controllen = CMSG_SPACE(size);
    std::memcpy(CMSG_DATA(control), descriptors.data(), size);
    return ::sendmsg(inside.control, &header, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof message);
}

/// Signals as the supervisor found them; its ignored ones stay ignored, as nohup expects.
void restore_signals(const Inside& inside) {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &standard, nullptr);
    ::sigprocmask(SIG_SETMASK, &inside.signals, nullptr);
}

[[noreturn]] void become_agent(const Inside& inside) {
    if (::chdir(inside.plan->directory.c_str()) != 0) {
        fail(inside, ChildStep::Directory);
    }
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    // The supervisor reads this process's memory at its first exec.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const long listener =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, inside.filter_flags, &inside.filter);
    if (root < 0 || listener < 0 || !send_listener(inside, static_cast<int>(listener), root)) {
        fail(inside, ChildStep::Filter);
    }
    ::syscall(SYS_close, listener);
    ::syscall(SYS_close, root);
    ::syscall(SYS_close, inside.resolver);
    restore_signals(inside);
    // As execvp(3): the first candidate that is there counts, but one that may not be executed does
    // not end the search.
    int error = ENOENT;
    for (const char* candidate : inside.candidates) {
        ::execve(candidate, inside.argv.data(), inside.environment.data());
        if (errno != ENOENT && errno != ENOTDIR) {
            error = errno;
        }
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
            break;
        }
    }
    ChildMessage message;
    message.kind = ChildMessage::Kind::ExecFailed;
    message.error = error;
    send_message(inside, message);
    ::_exit(error == ENOENT ? 127 : 126);
}

// --- The first process -------------------------------------------------------------------------

/// Drops every descriptor that the supervisor had, its end of the pair included: only then does its
/// death show as end of file.
void keep_only_control(Inside& inside) {
    constexpr int kControl = 3;
    if (inside.control != kControl && ::dup2(inside.control, kControl) != kControl) {
        ::_exit(125);
    }
    inside.control = kControl;
    ::syscall(SYS_close_range, kControl + 1U, ~0U, 0U);
}

/// Waits for the go-ahead. End of file means that the supervisor gave up or died.
void wait_for_start(const Inside& inside) {
    char go = 0;
    ssize_t count = 0;
    do {
        count = ::recv(inside.control, &go, 1, 0);
    } while (count < 0 && errno == EINTR);
    if (count != 1) {
        ::_exit(125);
    }
}

/// Reaps whatever ended; true when the agent was among it.
bool reap(pid_t agent, int& status) {
    bool ended = false;
    while (true) {
        int one = 0;
        const pid_t pid = ::waitpid(-1, &one, WNOHANG | __WALL);
        if (pid <= 0) {
            return ended;
        }
        if (pid == agent) {
            status = one;
            ended = true;
        }
    }
}

/// Signals that the supervisor sends on come from outside the namespace: no sender pid. What the
/// terminal sends reaches the agent by itself.
[[noreturn]] void serve(const Inside& inside, pid_t agent, const sigset_t& watched) {
    while (true) {
        siginfo_t info{};
        const int number = ::sigwaitinfo(&watched, &info);
        if (number == SIGCHLD) {
            ChildMessage message;
            message.kind = ChildMessage::Kind::Ended;
            if (reap(agent, message.status)) {
                send_message(inside, message);
                // The kernel ends everything else in the namespace with its first process.
                ::_exit(0);
            }
        } else if (number > 0 && info.si_pid == 0 && info.si_code != SI_KERNEL) {
            ::kill(agent, number);
        }
    }
}

sigset_t watched_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) {
        ::sigaddset(&set, number);
    }
    return set;
}

}  // namespace

[[noreturn]] void run_init(Inside& inside) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    keep_only_control(inside);
    wait_for_start(inside);
    const sigset_t watched = watched_signals();
    ::sigprocmask(SIG_BLOCK, &watched, nullptr);
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &standard, nullptr);
    build_view(inside);
    if (inside.plan->network == ChildPlan::NetworkNamespace::Own) {
        raise_loopback(inside);
        inside.resolver = open_resolver(inside);
    }
    limit_resources(inside);
    drop_capabilities(inside);
    errno = sys::restrict_files_in_child(inside.access, sys::Scope::SignalsAndAbstractSockets);
    if (errno != 0) {
        fail(inside, ChildStep::Landlock);
    }
    const long agent = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (agent < 0) {
        fail(inside, ChildStep::Agent);
    }
    if (agent == 0) {
        become_agent(inside);
    }
    ::syscall(SYS_close, inside.resolver);
    // The tree shares our user: without this it could attach to us or read what we hold.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    serve(inside, static_cast<pid_t>(agent), watched);
}

}  // namespace countersign::jail
