// What a stage says beside the copies themselves (docs/formats/stage.md): which actions may have
// changed more than can be put back, and when the run ended. Thread safe (no state); appending is
// for the one process that holds the stage's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace countersign::jail {

/// One action whose changes are not, or not all, among what was copied.
struct Unsaved {
    std::string action;   ///< id
    std::string program;  ///< as it was called
    std::string why;
};

/// Notes past this many are left out; that there are so many is what people need to know.
inline constexpr std::size_t kUnsavedMax = 1000;

/// Adds one to `<stage>/unsaved`. What cannot be written is not an error of the run.
Result<void> append_unsaved(const std::string& stage, const Unsaved& note);
/// In order; none when there is no such file. Malformed when it is not ours.
Result<std::vector<Unsaved>> read_unsaved(const std::string& stage);

/// Writes the present time to `<stage>/ended`.
Result<void> mark_ended(const std::string& stage);
/// Real-time clock, nanoseconds; nullopt: it still runs, or its supervisor was killed.
Result<std::optional<std::int64_t>> read_ended(const std::string& stage);

/// The real-time clock as file systems stamp with it: never ahead of this, maybe a tick behind.
std::int64_t stamp_now();

}  // namespace countersign::jail
