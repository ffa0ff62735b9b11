// Lets a held exec go and makes sure that what starts is what was decided.
//
// Between the decision and the moment at which the kernel copies path, argv and environment, other
// threads of the caller can rewrite its memory, and other processes can exchange files
// (seccomp_unotify(2), "Caveats"; bypass 27). So the caller is seized with ptrace while it still
// waits, stops by itself right after the kernel has loaded the new program and before the program's
// first instruction, and is compared there: the file that was loaded, its argv, the environment
// that matters, and the content of scripts. What differs is killed.
//
// The calling thread becomes the tracer for the duration of one call; nothing stays traced.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

#include "base/result.h"
#include "jail/call.h"
#include "jail/program.h"

namespace countersign::jail {

struct Release {
    enum class End {
        Started,   ///< the decided program runs
        Failed,    ///< the kernel refused the exec itself (ENOEXEC, E2BIG); the caller goes on
        Mismatch,  ///< something else would have started; it was killed
        Gone       ///< the caller died or was interrupted before it was let go
    };
    End end = End::Gone;
    std::string detail;  ///< of Mismatch: what differed
};

/// Whether what was loaded is compared with what was decided. Skipped exists for one canary only
/// (jail/unverified_starts.h).
enum class ExecCheck { Made, Skipped };

/// `listener` and `id` name the notification. An Error means that the caller was not let go:
/// Conflict when it is traced by somebody else. `before_it_runs` is called when the decided program
/// is loaded and has not run yet.
Result<Release> release(int listener, std::uint64_t id, const Call& call, const Program& program,
                        const std::function<void()>& before_it_runs, ExecCheck check);

}  // namespace countersign::jail
