// The first half of judging: from an action to the commands it would run and the effects they would
// have. Texts are read by shell/, commands by catalogue/, SQL by sql/, inline programs by inspect/;
// this file only walks between them, wrapper by wrapper, and keeps the books.
//
// Not here: whether that is bad (risk/) or permitted (policy/). Pure; no clock, no I/O; thread
// safe.
//
// Bounds: limits::kUnwrapDepthMax wrappers inside each other, limits::kShellCommandsMax commands
// and limits::kEffectsMax effects. Past one, `beyond_bound` says which and the caller denies the
// whole.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "inspect/inspect.h"
#include "model/action.h"
#include "model/command.h"
#include "model/effect.h"

namespace countersign::gate {

/// A command with what the catalogue said about it.
struct UnderstoodCommand {
    model::ResolvedCommand command;
    bool known = true;     ///< program and form stand in the catalogue
    bool complete = true;  ///< every word is known
    /// Words that come from an input nobody has read yet may follow (xargs, find -exec {}).
    bool open_ended = false;
    std::optional<std::size_t> inside;  ///< the wrapper's index
    bool elsewhere = false;             ///< on another host or in a container
    bool elevated = false;              ///< with other rights
    std::string program_class;          ///< catalogue::Understanding::program_class
    std::size_t depth = 0;              ///< wrappers around it
};

/// What an action would do. A deque, since views keep addresses of its commands.
struct Understood {
    std::deque<UnderstoodCommand> commands;
    std::vector<model::Effect> effects;
    std::vector<model::Finding> findings;  ///< those of the readers; inspect/ adds its own
    bool complete = true;
    bool elsewhere = false;
    bool elevated = false;
    /// Not valid bash: nothing else that stands here counts.
    std::optional<model::SyntaxError> syntax_error;
    model::Span syntax_span;   ///< from the error to the text's end
    std::string beyond_bound;  ///< a bound was passed; empty: none
    std::string why_unknown;   ///< the first thing that was not known
};

/// Reads any kind of action. Never fails: what cannot be read is an effect Unknown.
Understood understand(const model::ActionRequest& request);

/// Views for inspect::findings. They point into `understood`, which must outlive them unchanged.
std::vector<inspect::CommandView> views_of(const Understood& understood);

}  // namespace countersign::gate
