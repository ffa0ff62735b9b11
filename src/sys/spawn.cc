// spawn() of process.h: everything is prepared before fork; between fork and exec stand only
// async-signal-safe calls (style rule 18).
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/process.h"

namespace countersign::sys {
namespace {

/// What the child needs, in the shape that exec takes.
struct Prepared {
    std::vector<char*> argv;
    std::vector<char*> environment;
    const char* directory = nullptr;
    std::array<int, 3> standard{-1, -1, -1};
    Attachment attachment = Attachment::Child;
    int report = -1;
};

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> out;
    out.reserve(words.size() + 1);
    for (std::string& word : words) {
        out.push_back(word.data());
    }
    out.push_back(nullptr);
    return out;
}

/// Ends the child after telling the parent why. A read of EOF there means that exec succeeded.
[[noreturn]] void fail_child(int report) {
    const int number = errno;
    [[maybe_unused]] const ssize_t written = ::write(report, &number, sizeof number);
    ::_exit(127);
}

/// Signal state is inherited over exec: ours (blocked, SIGPIPE ignored) is not the child's wish.
void reset_signals() {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Puts `source` at number `target`, inheritable. dup2 onto itself would keep close-on-exec.
bool place(int source, int target) {
    if (source < 0) {
        return true;
    }
    if (source == target) {
        return ::fcntl(target, F_SETFD, 0) == 0;
    }
    return ::dup2(source, target) == target;
}

[[noreturn]] void run_child(const Prepared& prepared) {
    reset_signals();
    if (prepared.attachment == Attachment::Detached && ::setsid() < 0) {
        fail_child(prepared.report);
    }
    for (int target = 0; target < 3; ++target) {
        if (!place(prepared.standard[static_cast<std::size_t>(target)], target)) {
            fail_child(prepared.report);
        }
    }
    if (prepared.directory != nullptr && ::chdir(prepared.directory) != 0) {
        fail_child(prepared.report);
    }
    // Ours are close-on-exec already; this is for what a careless parent left open in us. Kernels
    // before 5.11 do not know the flag, and then our own discipline has to do.
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execve(prepared.argv[0], prepared.argv.data(), prepared.environment.data());
    fail_child(prepared.report);
}

/// Copies the standard descriptors above 2, so that placing one cannot overwrite another.
Result<void> lift(std::array<int, 3>& standard, std::array<Fd, 3>& copies) {
    for (std::size_t i = 0; i < standard.size(); ++i) {
        if (standard[i] < 0) {
            continue;
        }
        copies[i].reset(::fcntl(standard[i], F_DUPFD_CLOEXEC, 3));
        if (!copies[i]) {
            return system_error("preparing a child's descriptors");
        }
        standard[i] = copies[i].get();
    }
    return {};
}

/// Reads why exec failed; 0 when it did not.
int exec_failure(const Fd& report) {
    int number = 0;
    ssize_t count = 0;
    do {
        count = ::read(report.get(), &number, sizeof number);
    } while (count < 0 && errno == EINTR);
    return count == static_cast<ssize_t>(sizeof number) ? number : 0;
}

}  // namespace

Error replace_program(const std::vector<std::string>& argv) {
    return replace_program(argv, whole_environment());
}

Error replace_program(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment) {
    if (argv.empty()) {
        return {ErrorCode::InvalidArgument, "no program to start"};
    }
    std::vector<std::string> words = argv;
    std::vector<std::string> entries = environment;
    const std::vector<char*> argument_pointers = pointers_to(words);
    const std::vector<char*> environment_pointers = pointers_to(entries);
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    return system_error(argv[0]);
}

Result<Process> spawn(const SpawnOptions& options) {
    if (options.argv.empty()) {
        return Error(ErrorCode::InvalidArgument, "no program to start");
    }
    std::vector<std::string> argv = options.argv;
    std::vector<std::string> environment = options.environment.value_or(whole_environment());
    Fd null;
    Prepared prepared;
    prepared.standard = {options.input, options.output, options.error};
    if (options.attachment == Attachment::Detached) {
        null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
        if (!null) {
            return system_error("/dev/null");
        }
        for (int& descriptor : prepared.standard) {
            descriptor = descriptor < 0 ? null.get() : descriptor;
        }
    }
    std::array<Fd, 3> copies;
    TRY(lift(prepared.standard, copies));
    auto report = TRY(make_pipe());
    prepared.argv = pointers_to(argv);
    prepared.environment = pointers_to(environment);
    prepared.directory = options.directory.empty() ? nullptr : options.directory.c_str();
    prepared.attachment = options.attachment;
    prepared.report = report.second.get();

    const pid_t child = ::fork();
    if (child < 0) {
        return system_error("starting a process");
    }
    if (child == 0) {
        run_child(prepared);
    }
    report.second.reset();
    const int failure = exec_failure(report.first);
    if (failure != 0) {
        ::waitpid(child, nullptr, 0);
        return system_error(options.argv[0], failure);
    }
    Fd handle = TRY(open_process(child));
    return Process(child, std::move(handle));
}

}  // namespace countersign::sys
