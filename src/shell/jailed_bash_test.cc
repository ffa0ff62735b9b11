#include "shell/jailed_bash.h"

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace countersign::shell {

namespace {

namespace fs = std::filesystem;

constexpr long kMillisecondsPerText = 700;
constexpr std::size_t kStartsMax = 400;
constexpr std::size_t kWordBytesMax = std::size_t{1} << 16U;
/// An account of nobody's: without privilege, and with its own count of processes.
constexpr uid_t kAccount = 61'234;

/// Prints what the test wants and ends as it wants. A start of dash costs a third of one of bash.
constexpr const char* kStub =
    "#!/real/sh\n"
    "IFS= read -r how </log/exit\n"
    "while IFS= read -r line; do printf '%s\\n' \"$line\"; done </log/output\n"
    "case $how in alternating) exit $(( ($$ / 2) % 2 ));; *) exit $how;; esac\n";

void write_file(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

// --- Frames between the test and the jail: a length, then that many bytes -----------------------

bool send_all(int to, const void* data, std::size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t n = ::send(to, at, size, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool receive_all(int from, void* data, std::size_t size) {
    char* at = static_cast<char*>(data);
    while (size > 0) {
        const ssize_t n = ::recv(from, at, size, 0);
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool send_text(int to, const std::string& text) {
    const std::uint64_t size = text.size();
    return send_all(to, &size, sizeof size) && send_all(to, text.data(), text.size());
}

bool receive_text(int from, std::string& text) {
    std::uint64_t size = 0;
    if (!receive_all(from, &size, sizeof size)) {
        return false;
    }
    text.resize(size);
    return receive_all(from, text.data(), size);
}

bool send_list(int to, const std::vector<std::string>& list) {
    bool ok = send_text(to, std::to_string(list.size()));
    for (const std::string& text : list) {
        ok = ok && send_text(to, text);
    }
    return ok;
}

bool receive_list(int from, std::vector<std::string>& list) {
    std::string size;
    if (!receive_text(from, size)) {
        return false;
    }
    list.resize(std::strtoull(size.c_str(), nullptr, 10));
    for (std::string& text : list) {
        if (!receive_text(from, text)) {
            return false;
        }
    }
    return true;
}

// --- Interception -----------------------------------------------------------------------------

int install_filter() {
    const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
    sock_filter program[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset},
        {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, __NR_execve},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, __NR_execveat},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
    };
    const sock_fprog filter{sizeof program / sizeof program[0], program};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return static_cast<int>(
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
}

bool send_descriptor(int to, int descriptor) {
    char byte = 'd';
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return ::sendmsg(to, &message, MSG_NOSIGNAL) == 1;
}

int receive_descriptor(int from) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const cmsghdr* header = nullptr;
    if (::recvmsg(from, &message, 0) == 1) {
        header = CMSG_FIRSTHDR(&message);
    }
    int descriptor = -1;
    if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
        std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    }
    return descriptor;
}

std::string read_string(pid_t pid, std::uint64_t address) {
    std::string out;
    while (out.size() < kWordBytesMax) {
        char chunk[256];
        // Never across a page: the next one may not be there.
        const std::size_t size = std::min<std::uint64_t>(sizeof chunk, 4096 - address % 4096);
        iovec here{chunk, size};
        iovec there{reinterpret_cast<void*>(address), size};
        const ssize_t n = ::process_vm_readv(pid, &here, 1, &there, 1, 0);
        if (n <= 0) {
            break;
        }
        const char* end =
            static_cast<const char*>(std::memchr(chunk, 0, static_cast<std::size_t>(n)));
        if (end != nullptr) {
            out.append(chunk, static_cast<std::size_t>(end - chunk));
            break;
        }
        out.append(chunk, static_cast<std::size_t>(n));
        address += static_cast<std::uint64_t>(n);
    }
    return out;
}

std::vector<std::string> read_vector(pid_t pid, std::uint64_t address) {
    std::vector<std::string> out;
    while (address != 0 && out.size() < 5000) {
        std::uint64_t pointer = 0;
        iovec here{&pointer, sizeof pointer};
        iovec there{reinterpret_cast<void*>(address), sizeof pointer};
        if (::process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof pointer || pointer == 0) {
            break;
        }
        out.push_back(read_string(pid, pointer));
        address += sizeof pointer;
    }
    return out;
}

std::string directory_of(pid_t pid) {
    char buffer[4096];
    const std::string link = "/proc/" + std::to_string(pid) + "/cwd";
    const ssize_t n = ::readlink(link.c_str(), buffer, sizeof buffer);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : "";
}

// --- The jail's first process -------------------------------------------------------------------

class Server {
public:
    Server(int channel, fs::path root) : channel_(channel), root_(std::move(root)) {}

    [[noreturn]] void serve() {
        std::string text;
        while (receive_text(channel_, text)) {
            std::string behaviour;
            std::string output;
            std::vector<std::string> environment;
            if (!receive_text(channel_, behaviour) || !receive_text(channel_, output) ||
                !receive_list(channel_, environment)) {
                break;
            }
            write_file(root_ / "log/exit", behaviour + "\n");
            write_file(root_ / "log/output", output);
            std::error_code ignored;
            fs::remove_all(root_ / "work", ignored);
            fs::create_directories(root_ / "work", ignored);
            for (const char* directory : {"work", "home", "tmp"}) {
                static_cast<void>(::chown((root_ / directory).c_str(), kAccount, kAccount) == 0);
            }
            starts_.clear();
            const bool ended = run_one(text, environment);
            starts_.insert(starts_.begin(), ended ? "ended" : "killed");
            if (!send_list(channel_, starts_)) {
                break;
            }
        }
        ::_exit(0);
    }

private:
    bool run_one(const std::string& text, const std::vector<std::string>& environment) {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            return false;
        }
        const pid_t shell = ::fork();
        if (shell == 0) {
            become_bash(pair[1], text, environment);
        }
        ::close(pair[1]);
        const int listener = receive_descriptor(pair[0]);
        ::close(pair[0]);
        const bool ended = listener >= 0 && follow(listener);
        ::kill(-1, SIGKILL);
        ::close(listener);
        while (::waitpid(-1, nullptr, 0) > 0) {
        }
        return ended;
    }

    static void limit(int resource, rlim_t value) {
        const rlimit both{value, value};
        ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
    }

    [[noreturn]] void become_bash(int to, const std::string& text,
                                  const std::vector<std::string>& environment) {
        const int null = ::open("/dev/null", O_RDWR);
        if (::chroot(root_.c_str()) != 0 || ::chdir("/work") != 0) {
            ::_exit(99);
        }
        ::dup2(null, 0);
        ::dup2(null, 1);
        ::dup2(null, 2);
        limit(RLIMIT_CPU, 1);
        limit(RLIMIT_FSIZE, 1 << 20);
        limit(RLIMIT_NOFILE, 64);
        limit(RLIMIT_CORE, 0);
        limit(RLIMIT_NPROC, 300);
        if (::geteuid() == 0 && ::setgroups(0, nullptr) == 0 &&
            (::setgid(kAccount) != 0 || ::setuid(kAccount) != 0)) {
            ::_exit(99);
        }
        std::string words[] = {"bash", "-c", text};
        char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
        std::vector<std::string> copy = environment;
        std::vector<char*> variables;
        for (std::string& variable : copy) {
            variables.push_back(variable.data());
        }
        variables.push_back(nullptr);
        const int listener = install_filter();
        if (listener < 0 || !send_descriptor(to, listener)) {
            ::_exit(99);
        }
        ::close(listener);
        ::execve("/real/shell", arguments, variables.data());
        ::_exit(98);
    }

    /// Answers each attempt until no process of the text is left or the time is up.
    bool follow(int listener) {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        const long deadline = now.tv_sec * 1000 + now.tv_nsec / 1'000'000 + kMillisecondsPerText;
        bool first = true;
        for (;;) {
            ::clock_gettime(CLOCK_MONOTONIC, &now);
            const long left = deadline - (now.tv_sec * 1000 + now.tv_nsec / 1'000'000);
            if (left <= 0) {
                return false;
            }
            pollfd wait{listener, POLLIN, 0};
            if (::poll(&wait, 1, static_cast<int>(left)) < 0 && errno != EINTR) {
                return false;
            }
            if ((wait.revents & POLLIN) != 0) {
                answer(listener, first);
                first = false;
            } else if ((wait.revents & (POLLHUP | POLLERR)) != 0) {
                return true;
            }
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            if (starts_.size() > kStartsMax * 4) {
                return false;
            }
        }
    }

    void answer(int listener, bool own) {
        seccomp_notif request{};
        if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
            return;
        }
        const auto pid = static_cast<pid_t>(request.pid);
        const bool at = request.data.nr == __NR_execveat;
        const std::string path = read_string(pid, request.data.args[at ? 1 : 0]);
        // A stub's own interpreter is started by the kernel, so nothing of it comes here.
        if (!own) {
            starts_.push_back(path);
            starts_.push_back(join(read_vector(pid, request.data.args[at ? 2 : 1])));
            starts_.push_back(join(read_vector(pid, request.data.args[at ? 3 : 2])));
            std::string directory = directory_of(pid);
            if (directory.starts_with(root_.string())) {
                directory = directory.substr(root_.string().size());
            }
            starts_.push_back(directory.empty() ? "/" : directory);
        }
        seccomp_notif_resp response{};
        response.id = request.id;
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }

    static std::string join(const std::vector<std::string>& words) {
        std::string out;
        for (const std::string& word : words) {
            out += word;
            out += '\0';
        }
        return out;
    }

    int channel_;
    fs::path root_;
    std::vector<std::string> starts_;  ///< four for each start: path, argv, environment, directory
};

[[noreturn]] void enter_jail(int channel, const fs::path& root) {
    constexpr int kSpaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    if (::unshare(kSpaces) != 0 && ::unshare(kSpaces | CLONE_NEWUSER) != 0) {
        ::_exit(97);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const pid_t first = ::fork();
    if (first == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        // For the server alone, outside of what a text can see: where each process stands.
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
        ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
        ::mount("/dev/null", (root / "dev/null").c_str(), nullptr, MS_BIND, nullptr);
        Server(channel, root).serve();
    }
    ::close(channel);
    int status = 0;
    ::waitpid(first, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

std::vector<std::string> split(const std::string& joined) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while (at < joined.size()) {
        const std::size_t end = joined.find('\0', at);
        words.push_back(joined.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

}  // namespace

JailedBash::JailedBash(const std::set<std::string>& names, const char* shell) {
    make_root(names, shell);
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        ADD_FAILURE() << "no socket pair";
        return;
    }
    channel_ = pair[0];
    server_ = ::fork();
    if (server_ == 0) {
        ::close(pair[0]);
        enter_jail(pair[1], root_);
    }
    ::close(pair[1]);
}

JailedBash::~JailedBash() {
    ::close(channel_);
    ::waitpid(server_, nullptr, 0);
    std::error_code ignored;
    fs::remove_all(root_, ignored);
}

void JailedBash::make_root(const std::set<std::string>& names, const char* shell) {
    std::string pattern = (fs::temp_directory_path() / "shell-soundness-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::permissions(root_, fs::perms(0755));
    for (const char* directory : {"usr/bin", "real", "lib64", "lib/x86_64-linux-gnu", "work",
                                  "home", "tmp", "dev", "log"}) {
        fs::create_directories(root_ / directory);
    }
    fs::create_symlink("usr/bin", root_ / "bin");
    fs::copy_file(shell, root_ / "real/shell");
    fs::copy_file("/bin/dash", root_ / "real/sh");
    for (const char* library : {"/lib/x86_64-linux-gnu/libtinfo.so.6",
                                "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"}) {
        fs::copy_file(library, root_ / std::string(library).substr(1));
    }
    fs::create_symlink("/proc/self/fd", root_ / "dev/fd");
    write_file(root_ / "dev/null", "");
    fs::permissions(root_ / "dev/null", fs::perms(0666));
    const fs::path stub = root_ / "real/stub";
    write_file(stub, kStub);
    fs::permissions(stub, fs::perms(0755));
    for (const std::string& name : names) {
        std::error_code ignored;
        fs::create_hard_link(stub, root_ / "usr/bin" / name, ignored);
    }
}

std::optional<JailedRun> JailedBash::run(const std::string& text, const StubBehaviour& stubs,
                                         const std::map<std::string, std::string>& environment) {
    std::vector<std::string> variables{"PATH=/usr/bin", "HOME=/home"};
    for (const auto& [name, value] : environment) {
        variables.push_back(name + "=" + value);
    }
    const char* exit = stubs.exit == StubBehaviour::Exit::Success   ? "0"
                       : stubs.exit == StubBehaviour::Exit::Failure ? "1"
                                                                    : "alternating";
    std::vector<std::string> answer;
    if (!send_text(channel_, text) || !send_text(channel_, exit) ||
        !send_text(channel_, stubs.output) || !send_list(channel_, variables) ||
        !receive_list(channel_, answer) || answer.empty()) {
        ADD_FAILURE() << "the jail could not be made, or broke";
        return std::nullopt;
    }
    JailedRun run;
    run.ended = answer[0] == "ended";
    for (std::size_t i = 1; i + 3 < answer.size(); i += 4) {
        ProgramStart start;
        start.path = answer[i];
        start.argv = split(answer[i + 1]);
        for (const std::string& variable : split(answer[i + 2])) {
            const std::size_t equals = variable.find('=');
            if (equals != std::string::npos) {
                start.environment[variable.substr(0, equals)] = variable.substr(equals + 1);
            }
        }
        start.directory = answer[i + 3];
        run.starts.push_back(std::move(start));
    }
    return run;
}

}  // namespace countersign::shell
