#include "sys/process.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "sys/files.h"

namespace countersign::sys {

Result<ExitStatus> Process::wait() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0) {
        if (errno == ECHILD) {
            return Error(ErrorCode::InvalidArgument, "the process was waited for already");
        }
        if (errno != EINTR) {
            return system_error("waiting for a process");
        }
    }
    ExitStatus status;
    (info.si_code == CLD_EXITED ? status.code : status.signal) = info.si_status;
    return status;
}

Result<std::optional<ExitStatus>> Process::wait_for(Duration limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd entry{handle_.get(), POLLIN, 0};
        const int wait_ms = left.count() > 0 ? static_cast<int>(left.count()) + 1 : 0;
        const int ready = ::poll(&entry, 1, wait_ms);
        if (ready < 0 && errno != EINTR) {
            return system_error("waiting for a process");
        }
        if (ready > 0) {
            const ExitStatus status = TRY(wait());
            return std::optional<ExitStatus>(status);
        }
        if (ready == 0) {
            return std::optional<ExitStatus>();
        }
    }
}

Result<void> Process::signal(int number) const {
    return signal_process(handle_, number);
}

Result<Fd> open_process(pid_t pid) {
    Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!handle) {
        return system_error("process " + std::to_string(pid));
    }
    return handle;
}

Result<void> signal_process(const Fd& handle, int number) {
    if (::syscall(SYS_pidfd_send_signal, handle.get(), number, nullptr, 0) != 0 && errno != ESRCH) {
        return system_error("signalling a process");
    }
    return {};
}

Result<std::uint64_t> start_time(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const std::string stat = TRY(read_file(path, limits::kKeyFileBytesMax));
    // proc(5): "pid (name) state ppid ...". The name may hold anything, ")" included.
    std::size_t at = stat.rfind(')');
    constexpr int kFieldsAfterName = 20;  // field 22 is the 20th after field 2
    for (int i = 0; i < kFieldsAfterName && at != std::string::npos; ++i) {
        at = stat.find(' ', at + 1);
    }
    if (at == std::string::npos) {
        return Error(ErrorCode::Malformed, path + ": too few fields");
    }
    const std::string_view rest = std::string_view(stat).substr(at + 1);
    std::uint64_t ticks = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
    if (failure != std::errc() || end == rest.data()) {
        return Error(ErrorCode::Malformed, path + ": no start time");
    }
    return ticks;
}

Result<void> kill_exactly(pid_t pid, std::uint64_t started) {
    const auto handle = open_process(pid);
    if (!handle.ok()) {
        return {};
    }
    // The handle is held before the comparison: if the number was reused, the times differ; if they
    // are equal, the handle is that process.
    const auto now = start_time(pid);
    if (!now.ok() || now.value() != started) {
        return {};
    }
    return signal_process(handle.value(), SIGKILL);
}

Result<std::string> own_executable() {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (length < 0) {
        return system_error("/proc/self/exe");
    }
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

std::optional<std::string> environment(std::string_view name) {
    const char* value = ::getenv(std::string(name).c_str());
    if (value == nullptr) {
        return std::nullopt;
    }
    return std::string(value);
}

std::vector<std::string> whole_environment() {
    std::vector<std::string> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        out.emplace_back(*entry);
    }
    return out;
}

Result<std::string> current_directory() {
    std::array<char, PATH_MAX> buffer{};
    if (::getcwd(buffer.data(), buffer.size()) == nullptr) {
        return system_error("the working directory");
    }
    return std::string(buffer.data());
}

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> buffer{};
    if (::gethostname(buffer.data(), buffer.size() - 1) != 0) {
        return "localhost";
    }
    return buffer.data();
}

std::string user_name() {
    std::array<char, 16 * 1024> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        return std::to_string(::geteuid());
    }
    return entry.pw_name;
}

uid_t user_id() {
    return ::geteuid();
}

pid_t process_id() {
    return ::getpid();
}

void ignore_broken_pipes() {
    struct sigaction action{};
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
}

void create_private_files() {
    ::umask(077);
}

void forbid_inspection() {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace countersign::sys
