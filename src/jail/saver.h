// Makes a run undoable that writes into the workspace itself: before an action is let go, what it
// may change is copied into the run's stage (stage.h, kind Snapshot).
//
// What a program will write is foreseen for few of them only. So the first action that may change
// anything has the whole workspace copied when it is small enough (kWholeBudget); then all that
// follows is covered and costs nothing. A larger workspace is copied by the paths that the decided
// effects name, each within kPartBudget, and whatever they leave open is noted in the stage, so
// that `changes` can say what it cannot put back.
//
// Failing to copy does not stop an action: undo is help, the decision was made without it.
//
// Thread safety: before() is called from several threads; those that come while a copy is being
// made wait for it.
#pragma once

#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "client/client.h"
#include "jail/stage.h"
#include "model/action.h"

namespace countersign::jail {

/// A second or two of copying on an ordinary disk, once per run.
inline constexpr Budget kWholeBudget{std::uint64_t{256} << 20U, 50'000};
inline constexpr Budget kPartBudget{std::uint64_t{256} << 20U, 50'000};

class Saver {
public:
    /// `stage` is not owned.
    explicit Saver(Stage& stage) : stage_(stage) {}

    /// The action is granted and has not started. Returns when everything is kept that will be.
    void before(const model::Action& action, const client::ActionAnswer& answer) EXCLUDES(lock_);

private:
    enum class Whole { Untried, Kept, Impossible };

    void keep_parts(const model::Action& action, const client::ActionAnswer& answer)
        REQUIRES(lock_);
    void note(const model::Action& action, const client::ActionAnswer& answer,
              const std::string& why) REQUIRES(lock_);

    Stage& stage_;
    Mutex lock_;
    Whole whole_ GUARDED_BY(lock_) = Whole::Untried;
    std::string obstacle_ GUARDED_BY(lock_);
};

}  // namespace countersign::jail
