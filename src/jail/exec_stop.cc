#include "jail/exec_stop.h"

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

bool let_continue(int listener, std::uint64_t id) {
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

/// Whether the words at `addresses` are these.
Result<bool> same_words(Memory& memory, const std::vector<std::uint64_t>& addresses,
                        const std::vector<std::string>& words) {
    if (addresses.size() != words.size()) {
        return false;
    }
    std::string room;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = TRY(memory.view(addresses[i], words[i].size(), room));
        if (word != words[i]) {
            return false;
        }
    }
    return true;
}

/// Whether what matters of the environment at `addresses` is this.
Result<bool> same_environment(Memory& memory, const std::vector<std::uint64_t>& addresses,
                              const std::map<std::string, std::string>& environment) {
    std::string room;
    std::size_t found = 0;
    for (const std::uint64_t address : addresses) {
        const std::string_view entry = TRY(memory.view(address, 2 * limits::kArgvBytesMax, room));
        const std::size_t equals = entry.find('=');
        if (equals == std::string_view::npos || !sys::matters(entry.substr(0, equals))) {
            continue;
        }
        const auto decided = environment.find(std::string(entry.substr(0, equals)));
        if (decided == environment.end() || decided->second != entry.substr(equals + 1)) {
            return false;
        }
        ++found;
    }
    // No name was decided twice (call.h), so neither may stand here twice.
    return found == environment.size();
}

/// Looks at the words where the kernel laid them on the new stack (System V ABI, "Initial Process
/// Stack"): argc, the addresses of argv and a NULL, those of the environment and a NULL. Only of a
/// 64-bit program; whatever is not found there as decided is for /proc to tell, which costs several
/// times as much.
Result<bool> same_on_stack(pid_t pid, const Call& call, const Program& program) {
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
    const std::uint64_t environment = argv + (count + 1) * sizeof(std::uint64_t);
    const auto words = TRY(memory.pointers(argv, limits::kArgvWordsMax));
    const bool same = TRY(same_words(memory, words, program.argv));
    if (!same) {
        return false;
    }
    const auto entries = TRY(memory.pointers(environment, limits::kArgvWordsMax));
    return same_environment(memory, entries, call.environment);
#else
    (void)pid;
    (void)call;
    (void)program;
    return Error(ErrorCode::Unsupported, "not read from the stack on this processor");
#endif
}

std::string process_path(pid_t pid, std::string_view file) {
    return "/proc/" + std::to_string(pid) + std::string(file);
}

}  // namespace

Result<ExecStop> ExecStop::let_go(int listener, std::uint64_t id, const Call& call) {
    constexpr unsigned long kOptions = PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (trace(PTRACE_SEIZE, call.thread, kOptions) != 0) {
        if (errno == ESRCH) {
            return ExecStop(0, Reached::Gone);
        }
        return Error(ErrorCode::Conflict, sys::system_error("attaching to the caller").message);
    }
    const bool gone = !let_continue(listener, id);
    // Whether or not the exec succeeds, exactly one stop comes first: the exec event, or this
    // interrupt on the way back to the caller's code.
    trace(PTRACE_INTERRUPT, call.thread, 0);
    ExecStop stop(call.thread, std::nullopt);
    if (gone) {
        // It was interrupted or died while it waited, so no exec is under way.
        stop.reached_ = stop.reached() == Reached::Loaded ? Reached::Loaded : Reached::Gone;
    }
    return stop;
}

ExecStop::Reached ExecStop::reached() {
    if (reached_) {
        return *reached_;
    }
    int status = 0;
    // A thread that executes takes its process's pid.
    pid_ = std::max(wait_for_stop(status), 0);
    if (pid_ == 0 || !WIFSTOPPED(status)) {
        pid_ = 0;
        reached_ = Reached::Gone;
    } else if (is_exec_stop(status)) {
        reached_ = Reached::Loaded;
        // Here, while the gateway still judges, and not after its answer: looking a process up
        // costs as much as all the rest of the comparison.
        loaded_.reset(::open(process_path(pid_, "/exe").c_str(), O_PATH | O_CLOEXEC));
    } else {
        detach(std::exchange(pid_, 0), status);
        reached_ = Reached::Failed;
    }
    return *reached_;
}

std::string ExecStop::words_differ(const Call& call, const Program& program) const {
    if (const auto same = same_on_stack(pid_, call, program); same.ok() && same.value()) {
        return "";
    }
    const auto argv = words_of(pid_, "cmdline");
    if (!argv.ok() || argv.value() != program.argv) {
        return "the arguments changed";
    }
    const auto environment = words_of(pid_, "environ");
    if (!environment.ok() || environment_in(environment.value()) != call.environment) {
        return "the environment changed";
    }
    return "";
}

std::string ExecStop::files_differ(const Program& program) const {
    if (!loaded_ || identity_of(loaded_) != program.loaded) {
        return "another file was loaded than " + program.path;
    }
    for (const auto& [path, identity] : program.bound) {
        const bool loaded = identity == program.loaded;
        if (!loaded && identity_at(process_path(pid_, "/root" + path)) != identity) {
            return path + " changed";
        }
    }
    return "";
}

void ExecStop::run() {
    if (pid_ != 0) {
        trace(PTRACE_DETACH, std::exchange(pid_, 0), 0);
    }
}

void ExecStop::kill() {
    if (pid_ != 0 && reached() == Reached::Loaded) {
        ::kill(std::exchange(pid_, 0), SIGKILL);
        int end = 0;
        wait_for_stop(end);
    }
}

}  // namespace countersign::jail
