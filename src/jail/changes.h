// What a run changed: the difference between a tree as it was and as it is.
//
// Two shapes of "as it is" are read: a whole tree beside a saved copy, and the upper directory of
// an overlay, which holds only what differs and marks what was removed (kernel documentation,
// filesystems/overlayfs: whiteouts are character devices 0:0, directories that hide what is below
// carry the attribute "opaque"). Renames show as a deletion and a creation.
//
// The trees belong to the agent; see entry.h for how they are walked. Thread safe (no state).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jail/entry.h"
#include "sys/fd.h"

namespace countersign::jail {

struct Change {
    enum class Kind {
        Created,
        Modified,  ///< other content, or another type (a file became a link)
        Deleted,
        Attributes,  ///< mode or extended attributes only
        Touched      ///< times only; nothing that people need to see
    };
    Kind kind = Kind::Modified;
    std::string path;  ///< relative to the top, bytes as they are
    Entry before;
    Entry after;
    /// The directory that was staged has itself changed there since the run began: keeping would
    /// overwrite what somebody else did.
    bool conflict = false;
};

inline constexpr std::array<std::string_view, 5> kChangeKindNames = {
    "created", "modified", "deleted", "attributes", "touched"};

enum class TreeShape {
    Whole,   ///< `after` holds everything that is
    Overlay  ///< `after` is an upper directory over `before`
};

struct CompareOptions {
    TreeShape shape = TreeShape::Whole;
    /// Whole: a file whose change time is not later, and whose size and times are the same, was not
    /// touched (no unprivileged process sets a change time). Overlay: a file of `before` that
    /// changed later is a conflict. 0: unknown, compare everything.
    std::int64_t started_ns = 0;
};

/// Directories before what is in them, bytewise within one. LimitExceeded past kChangesMax entries
/// or kTreeDepthMax levels. Whatever cannot be read is an error: nothing is left out silently.
inline constexpr std::size_t kChangesMax = 1'000'000;
Result<std::vector<Change>> compare_trees(const sys::Fd& before, const sys::Fd& after,
                                          const CompareOptions& options);
/// The same for one name below two directories and what is in it. `path` is what the changes call
/// it; either directory may be nullptr: nothing on that side.
Result<std::vector<Change>> compare_entry(const sys::Fd* before, const sys::Fd* after,
                                          const std::string& name, const std::string& path,
                                          const CompareOptions& options);

}  // namespace countersign::jail
