// How many lines each caller may leave in the program's log within a minute. A caller may send as
// many unfit requests as it likes, and the log is a file that a person reads: so lines are
// rationed, and nobody's ration is another's, or an agent could use it up and so hide what another
// one did. What is not written is counted, and told with the name of who sent it.
//
// Callers belong to a group: a session to the session that people opened at the root of its
// delegations, a process without a session to the door it came to. A group has its own lines for
// its first kCallersPerGroup callers and one ration for all its others, since an agent makes as
// many children as it likes. Within a group, then, callers can hide each other's lines once there
// are that many; that more was sent is still told.
//
// Together at most (kCallersMax + 1) * kLinesPerCaller lines a minute, and one that tells of each
// ration used up. Not thread safe. No clock: `now` is a monotonic time, as of base/time.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace countersign::api {

/// Who sent something, for the budget and for the person who reads of it.
struct Caller {
    std::string group;  ///< whose budget it can use up at most
    std::string name;   ///< within the group; empty: the group itself
};

class LineBudget {
public:
    static constexpr std::uint64_t kLinesPerCaller = 20;
    static constexpr std::size_t kCallersPerGroup = 8;
    /// Rations at one time; callers beyond them share the last one.
    static constexpr std::size_t kCallersMax = 128;
    static constexpr Duration kMinute = std::chrono::minutes(1);

    enum class Verdict {
        Write,      ///< write it
        WriteLast,  ///< write it, and that what follows of this caller is only counted
        Count       ///< it has been counted; write nothing
    };

    /// Takes one line of the caller's ration.
    Verdict take(const Caller& caller, Duration now);

    /// When the minute has passed: one line for each ration of which more was sent than written,
    /// and a new minute begins with the next take(). Otherwise, and when nothing was dropped, none.
    std::vector<std::string> ended(Duration now);
    /// The same before the minute has passed, for when the gateway ends.
    std::vector<std::string> end();

private:
    struct Ration {
        std::string group;
        std::string name;
        std::uint64_t sent = 0;
    };
    Ration& ration_of(const Caller& caller);

    std::vector<Ration> rations_;
    Duration since_{};
};

}  // namespace countersign::api
