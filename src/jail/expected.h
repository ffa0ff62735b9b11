// Which starts will be granted at once, going by what this run has seen: an expectation, never
// leave. It decides only in which order a start is asked about and loaded (exec_stop.h); what it
// says wrongly costs a refused caller its error number, and nothing else.
//
// Thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "base/mutex.h"
#include "jail/call.h"
#include "jail/program.h"

namespace countersign::jail {

class Expected {
public:
    /// True: the same words of the same program were granted at once before, or so many starts of
    /// it were, and none otherwise, that one more will be.
    bool grant(const Call& call, const Program& program) EXCLUDES(lock_);
    /// How such a start was answered first: granted as asked, or held, refused, changed.
    void granted(const Call& call, const Program& program) EXCLUDES(lock_);
    void not_granted(const Call& call, const Program& program) EXCLUDES(lock_);

private:
    struct Record {
        int grants = 0;
        bool otherwise = false;  ///< once is enough: its words decide
    };

    Mutex lock_;
    std::unordered_set<std::uint64_t> words_ GUARDED_BY(lock_);
    std::unordered_map<std::uint64_t, Record> programs_ GUARDED_BY(lock_);
};

}  // namespace countersign::jail
