// Lets a held exec go and makes sure that what starts is what was decided.
//
// Between the decision and the moment at which the kernel copies path, argv and environment, other
// threads of the caller can rewrite its memory, and other processes can exchange files
// (seccomp_unotify(2), "Caveats"; bypass 27). So the caller is seized with ptrace while it still
// waits, stops by itself right after the kernel has loaded the new program and before the program's
// first instruction, and is compared there: the file that was loaded, its argv, the environment
// that matters, and the content of scripts. What differs is killed.
//
// A program that stands here has done nothing: an answer may also be waited for now instead of
// before. What a caller loses that way when it is refused is its own image, the descriptors that
// close on exec, and the error number.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>

#include "base/result.h"
#include "jail/call.h"
#include "jail/program.h"
#include "sys/fd.h"

namespace countersign::jail {

/// The thread that made one is the tracer and is the only one to use it; one at a time per thread.
/// Should the thread or this process end meanwhile, the kernel kills the tracee
/// (PTRACE_O_EXITKILL).
class ExecStop {
public:
    enum class Reached {
        Loaded,  ///< stands before the first instruction of what was loaded
        Failed,  ///< the kernel refused the exec itself (ENOEXEC, E2BIG); the caller goes on
        Gone     ///< the caller died, or was interrupted before it was let go
    };

    /// Seizes the caller of notification `id` of `listener` and lets it go. An Error means that it
    /// was not let go: Conflict when it is traced by somebody else.
    static Result<ExecStop> let_go(int listener, std::uint64_t id, const Call& call);

    ExecStop(ExecStop&& other) noexcept
        : pid_(std::exchange(other.pid_, 0)),
          reached_(other.reached_),
          loaded_(std::move(other.loaded_)) {}
    ExecStop& operator=(ExecStop&&) = delete;
    ExecStop(const ExecStop&) = delete;
    ExecStop& operator=(const ExecStop&) = delete;
    /// What was not let run is killed.
    ~ExecStop() { kill(); }

    /// Waits until it stands, failed or died; at once when that is known.
    Reached reached();
    /// The words that it got, argv and environment, against what was decided. Empty: as decided.
    /// Only of what stands; nobody changes these after that.
    [[nodiscard]] std::string words_differ(const Call& call, const Program& program) const;
    /// What was loaded and the files that decide what it will do, as they are now. Empty: as
    /// decided. Whoever may write a file can do so at any time, so this comes last.
    [[nodiscard]] std::string files_differ(const Program& program) const;
    /// The program runs, untraced.
    void run();
    /// It never runs. Does nothing to a caller whose exec failed.
    void kill();

private:
    ExecStop(pid_t pid, std::optional<Reached> reached) : pid_(pid), reached_(reached) {}

    pid_t pid_ = 0;  ///< of the tracee; 0: there is none (any more)
    std::optional<Reached> reached_;
    /// The file that was loaded (O_PATH), opened when the tracee stood: a program cannot exchange
    /// it before its first instruction. Invalid: it could not be opened.
    sys::Fd loaded_;
};

}  // namespace countersign::jail
