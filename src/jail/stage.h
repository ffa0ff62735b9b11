// What makes the file changes of one run undoable, kept in the gateway's state directory, out of
// the agent's sight:
//
//   <state>/stages/<session>/
//       stage.json   what this is (docs/formats/stage.md)
//       lock         held (flock) while the tree runs
//       upper/ work/ Overlay: what the run wrote; the workspace itself is untouched until kept
//       saved/<n>/   Snapshot: path (bytes), tree/<last component> as it was; no tree: it was
//       absent
//       unsaved      Snapshot: which actions may have changed what was not saved (stage_notes.h)
//       ended        Snapshot: when the run ended
//
// A killed supervisor leaves a stage that is as good as any other, but for the protection of what
// other people changed in the workspace after the run.
//
// Thread safety: save() may be called from any thread; the rest from one at a time.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "jail/changes.h"
#include "jail/stage_notes.h"
#include "sys/fd.h"
#include "sys/files.h"

namespace countersign::jail {

enum class StageKind {
    Overlay,  ///< the run writes beside the workspace
    Snapshot  ///< the run writes into the workspace; what it is about to change is copied first
};
inline constexpr std::array<std::string_view, 2> kStageKindNames = {"overlay", "snapshot"};

struct StageInfo {
    std::string session;
    std::string workspace;  ///< absolute, resolved
    StageKind kind = StageKind::Overlay;
    std::int64_t started_ns = 0;  ///< real-time clock when the run began
};

/// What all copies of one run may take: a workspace of ordinary size, and a disk that survives it.
inline constexpr Budget kStageBudget{std::uint64_t{4} << 30U, 500'000};

class Stage {
public:
    /// Makes the stage of a run that begins and holds its lock. AlreadyExists; InvalidArgument when
    /// session or workspace are no proper names.
    static Result<Stage> create(const std::string& state_directory, const StageInfo& info);

    enum class Access {
        Look,   ///< also while the run goes on
        Change  ///< Conflict while the run goes on
    };
    /// NotFound when the session has no stage.
    static Result<Stage> open(const std::string& state_directory, const std::string& session,
                              Access access);
    /// Sessions that have one, sorted.
    static Result<std::vector<std::string>> list(const std::string& state_directory);

    [[nodiscard]] const StageInfo& info() const { return info_; }
    [[nodiscard]] const std::string& directory() const { return path_; }
    [[nodiscard]] std::string upper() const { return path_ + "/upper"; }
    [[nodiscard]] std::string work() const { return path_ + "/work"; }

    /// Snapshot: keeps what stands at `path` (relative to the workspace; empty: the whole) as it is
    /// now. What is kept already stays as it was first. LimitExceeded past `most` or what is left
    /// of kStageBudget: nothing is kept of this path, and what is about to happen cannot be undone.
    Result<void> save(const std::string& path, const Budget& most = kStageBudget)
        EXCLUDES(lock_->lock);
    /// Snapshot: what may have been changed without having been saved, at most kUnsavedMax.
    void note_unsaved(const Unsaved& note) EXCLUDES(lock_->lock);
    [[nodiscard]] Result<std::vector<Unsaved>> unsaved() const { return read_unsaved(path_); }
    /// Snapshot: the run is over; what changes from now on is somebody else's and a conflict.
    Result<void> end() { return mark_ended(path_); }
    /// Removes the oldest snapshots of ended runs but for the newest `left` ones. Staged work,
    /// which exists nowhere else, stays.
    static Result<void> retire_snapshots(const std::string& state_directory, std::size_t left);

    /// Everything that differs, times included, sorted by path.
    [[nodiscard]] Result<std::vector<Change>> changes() const;

    /// Paths to act on, relative to the workspace: each stands for itself and all below it. None:
    /// everything.
    using Paths = std::vector<std::string>;

    /// Overlay: carries the changes over into the workspace, each name in one step (rename), and
    /// takes them out of the stage; killed half-way, calling it again goes on. Changes that
    /// conflict are left in the stage. Snapshot: forgets what was saved. Returns what was carried
    /// over. What `except` names stays in the stage as if it conflicted.
    Result<std::vector<Change>> keep(const Paths& paths, const Paths& except = {});
    /// Overlay: drops the changes; all of them in one step. Snapshot: puts back content, modes,
    /// links, attributes and times, but leaves conflicts unless they are named by `paths`; killed
    /// half-way, calling it again goes on.
    /// What was left as a conflict is added to `left`.
    Result<std::vector<Change>> undo(const Paths& paths, std::vector<Change>* left = nullptr);
    /// Content of a changed file before and after; for links their target; nullopt where there is
    /// no file. LimitExceeded past kShownBytesMax.
    enum class Moment { Before, After };
    static constexpr std::size_t kShownBytesMax = 16UL << 20U;
    [[nodiscard]] Result<std::optional<std::string>> content(const Change& change,
                                                             Moment moment) const;
    /// Removes the stage itself when nothing is left in it.
    Result<void> remove_if_empty();
    /// Removes the stage, whatever is in it.
    Result<void> remove();

private:
    struct Slot {
        std::string number;
        std::string path;
    };
    /// Behind a pointer, so that a Stage can be moved.
    struct Shared {
        Mutex lock;
        std::map<std::string, std::string> saved GUARDED_BY(lock);  ///< path -> slot number
        Budget left GUARDED_BY(lock) = kStageBudget;
        std::size_t notes GUARDED_BY(lock) = 0;
    };

    Stage(StageInfo info, std::string path, sys::Fd directory, sys::Fd workspace);
    Result<void> load_slots();
    Result<void> save_new(const std::string& path, const std::string& number, Budget& left,
                          const Budget& most) const;
    Result<void> copy_into(const sys::Fd& slot, const std::string& path, Copier& copier) const;
    [[nodiscard]] Result<std::vector<Change>> slot_changes(const Slot& slot) const;
    [[nodiscard]] std::vector<Slot> slots() const EXCLUDES(lock_->lock);
    Result<void> undo_slot(const Slot& slot, const std::vector<Change>& changes) const;
    Result<std::vector<Change>> undo_snapshot(const Paths& paths, std::vector<Change>* left);
    Result<std::vector<Change>> undo_overlay(const Paths& paths);
    [[nodiscard]] Result<sys::Fd> open_upper() const;
    /// The directory that holds the change's name at that moment.
    [[nodiscard]] Result<sys::Fd> place_of(const Change& change, Moment moment,
                                           std::string& name) const;

    StageInfo info_;
    std::string path_;
    sys::Fd directory_;
    sys::Fd workspace_;
    std::unique_ptr<Shared> lock_;
    std::optional<sys::FileLock> held_;
};

/// Whether a change is chosen by `paths` (see Stage::Paths).
bool is_chosen(const Change& change, const Stage::Paths& paths);

}  // namespace countersign::jail
