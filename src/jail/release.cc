#include "jail/release.h"

#include <cerrno>
#include <elf.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "jail/memory.h"
#include "sys/environment_names.h"
#include "sys/fd.h"
#include "sys/files.h"

namespace countersign::jail {
namespace {

/// A new stack's words mostly fit: a page or two of addresses and then the strings.
constexpr std::size_t kStackPages = 3;

/// Ptrace options and addresses travel as pointers.
long trace(unsigned request, pid_t thread, unsigned long data) {
    return ::ptrace(static_cast<__ptrace_request>(request), thread, nullptr, data);
}

bool let_go(int listener, std::uint64_t id) {
    seccomp_notif_resp response{};
    response.id = id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

/// The next stop or end of a tracee of this thread. A thread that executes takes its process's pid,
/// so the number is not known beforehand.
pid_t wait_for_stop(int& status) {
    pid_t pid = 0;
    do {
        pid = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
    } while (pid < 0 && errno == EINTR);
    return pid;
}

bool is_exec_stop(int status) {
    return WIFSTOPPED(status) && (status >> 16) == PTRACE_EVENT_EXEC;
}

/// Lets the tracee go on untraced. A signal that stopped it on the way is delivered.
void detach(pid_t pid, int status) {
    const bool event = (status >> 16) != 0;
    const unsigned long signal =
        WIFSTOPPED(status) && !event ? static_cast<unsigned long>(WSTOPSIG(status)) : 0;
    trace(PTRACE_DETACH, pid, signal);
}

Result<std::vector<std::string>> words_of(pid_t pid, const char* file) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
    const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return sys::system_error(path);
    }
    const std::string text = TRY(sys::read_to_end(fd, 2 * limits::kArgvBytesMax));
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\0', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

/// The environment that matters, out of what the kernel has copied.
std::map<std::string, std::string> environment_in(const std::vector<std::string>& words) {
    std::map<std::string, std::string> out;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos && sys::matters(std::string_view(word).substr(0, equals))) {
            out.emplace(word.substr(0, equals), word.substr(equals + 1));
        }
    }
    return out;
}

/// The words that the kernel laid on the new stack (System V ABI, "Initial Process Stack"): argc,
/// the addresses of argv and a NULL, those of the environment and a NULL. Only of a 64-bit program;
/// whatever does not fit is for /proc to tell, which costs several times as much.
struct Words {
    std::vector<std::string> argv;
    std::vector<std::string> environment;
};

Result<std::vector<std::string>> words_at(Memory& memory, std::uint64_t array) {
    const std::vector<std::uint64_t> addresses = TRY(memory.pointers(array, limits::kArgvWordsMax));
    std::vector<std::string> out;
    out.reserve(addresses.size());
    std::size_t left = 2 * limits::kArgvBytesMax;
    for (const std::uint64_t address : addresses) {
        std::string word = TRY(memory.string(address, left));
        left -= word.size();
        out.push_back(std::move(word));
    }
    return out;
}

Result<Words> words_on_stack(pid_t pid) {
#ifdef __x86_64__
    user_regs_struct registers{};
    iovec room{&registers, sizeof registers};
    // NOLINTNEXTLINE(performance-no-int-to-ptr) a number that travels as a pointer
    void* const kind = reinterpret_cast<void*>(NT_PRSTATUS);
    if (::ptrace(PTRACE_GETREGSET, pid, kind, &room) != 0 || room.iov_len != sizeof registers) {
        return Error(ErrorCode::Unsupported, "not a 64-bit program");
    }
    const std::uint64_t stack = registers.rsp;
    Memory memory(pid);
    memory.read_ahead(stack, kStackPages);
    const std::uint64_t count = TRY(memory.number(stack));
    if (count > limits::kArgvWordsMax) {
        return Error(ErrorCode::LimitExceeded, "too many words");
    }
    const std::uint64_t argv = stack + sizeof(std::uint64_t);
    Words out;
    out.argv = TRY(words_at(memory, argv));
    out.environment = TRY(words_at(memory, argv + (count + 1) * sizeof(std::uint64_t)));
    return out;
#else
    (void)pid;
    return Error(ErrorCode::Unsupported, "not read from the stack on this processor");
#endif
}

bool words_as_decided(pid_t pid, const Call& call, const Program& program) {
    const auto words = words_on_stack(pid);
    return words.ok() && words->argv == program.argv &&
           environment_in(words->environment) == call.environment;
}

/// Empty: everything is as it was decided.
std::string difference(pid_t pid, const Call& call, const Program& program) {
    const std::string process = "/proc/" + std::to_string(pid);
    if (identity_at(process + "/exe") != program.loaded) {
        return "another file was loaded than " + program.path;
    }
    if (!words_as_decided(pid, call, program)) {
        const auto argv = words_of(pid, "cmdline");
        if (!argv.ok() || argv.value() != program.argv) {
            return "the arguments changed";
        }
        const auto environment = words_of(pid, "environ");
        if (!environment.ok() || environment_in(environment.value()) != call.environment) {
            return "the environment changed";
        }
    }
    for (const auto& [path, identity] : program.bound) {
        const bool loaded = identity == program.loaded;
        if (!loaded && identity_at(process + "/root" + path) != identity) {
            return path + " changed";
        }
    }
    return "";
}

Release judge_stop(pid_t pid, int status, const Call& call, const Program& program,
                   const std::function<void()>& before_it_runs, ExecCheck check) {
    if (!WIFSTOPPED(status)) {
        return {Release::End::Gone, ""};
    }
    if (!is_exec_stop(status)) {
        detach(pid, status);
        return {Release::End::Failed, ""};
    }
    std::string differs = check == ExecCheck::Made ? difference(pid, call, program) : std::string();
    if (differs.empty()) {
        before_it_runs();
        detach(pid, status);
        return {Release::End::Started, ""};
    }
    ::kill(pid, SIGKILL);
    int end = 0;
    wait_for_stop(end);
    return {Release::End::Mismatch, std::move(differs)};
}

}  // namespace

Result<Release> release(int listener, std::uint64_t id, const Call& call, const Program& program,
                        const std::function<void()>& before_it_runs, ExecCheck check) {
    if (trace(PTRACE_SEIZE, call.thread, PTRACE_O_TRACEEXEC) != 0) {
        if (errno == ESRCH) {
            return Release{Release::End::Gone, ""};
        }
        return Error(ErrorCode::Conflict, sys::system_error("attaching to the caller").message);
    }
    const bool gone = !let_go(listener, id);
    // Whether or not the exec succeeds, exactly one stop comes first: the exec event, or this
    // interrupt on the way back to the caller's code.
    trace(PTRACE_INTERRUPT, call.thread, 0);
    int status = 0;
    const pid_t pid = wait_for_stop(status);
    if (pid < 0) {
        return Release{Release::End::Gone, ""};
    }
    if (gone && WIFSTOPPED(status)) {
        detach(pid, status);
        return Release{Release::End::Gone, ""};
    }
    return judge_stop(pid, status, call, program, before_it_runs, check);
}

}  // namespace countersign::jail
