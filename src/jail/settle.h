// Carries out keep and undo (stage.h) on open directories: which steps, in which order, so that
// each name changes in one step and a repetition after a crash goes on where it stopped.
//
// `workspace` and `upper` belong to the agent; see entry.h. Thread safe (no state).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "jail/changes.h"
#include "sys/fd.h"

namespace countersign::jail {

/// Turns "hides all below" marks of the upper directory into one whiteout per hidden name, so that
/// single paths can be kept or undone. Means the same to overlayfs.
Result<void> spell_out_opaque(const sys::Fd& upper, const sys::Fd& workspace);

/// Carries `changes` from the upper directory into the workspace, in order: what was deleted, then
/// the rest. InvalidArgument when part of a deleted directory is asked for alone.
Result<void> carry_over(const sys::Fd& upper, const sys::Fd& workspace,
                        const std::vector<Change>& changes);
/// Takes `changes` out of the upper directory. InvalidArgument as above.
Result<void> take_back(const sys::Fd& upper, const sys::Fd& workspace,
                       const std::vector<Change>& changes);
/// Removes directories of the upper tree that say nothing any more.
Result<void> prune_upper(const sys::Fd& upper, const sys::Fd& workspace);

/// The state before.
struct Saved {
    const sys::Fd& tree;
    std::size_t prefix = 0;  ///< bytes of a change's path that paths in `tree` leave out
    enum class Reach {
        Whole,
        Part
    } reach = Reach::Part;  ///< Whole: `tree` is the workspace's copy
};
/// Puts back what `changes` changed.
Result<void> put_back(const Saved& saved, const sys::Fd& workspace,
                      const std::vector<Change>& changes, Copier& copier);

}  // namespace countersign::jail
