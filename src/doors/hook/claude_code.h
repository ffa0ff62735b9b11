// Claude Code's hook contract as values: one event in, one action or outcome out. Pure; thread
// safe. Members that this contract does not name are ignored: newer versions add some.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/action.h"

namespace countersign::doors::hook {

enum class EventKind { PreToolUse, PostToolUse, Other };

struct Event {
    EventKind kind = EventKind::Other;
    std::string session;    ///< session_id of Claude Code
    std::string directory;  ///< cwd, absolute
    std::string tool;       ///< tool_name
    std::string tool_use;   ///< tool_use_id; empty in old versions
    model::Action action;   ///< what the tool call would do (Pre) or did (Post)
    std::string result;     ///< PostToolUse: what the tool gave back, as text
    std::string source;     ///< PostToolUse: where that came from: path, URL, command or tool
    std::optional<int> exit_code;  ///< PostToolUse of a command, when it was told
};

/// Malformed: not JSON, a member of the wrong type, a tool call without what names its target.
/// LimitExceeded: larger than limits::kRequestBodyBytesMax.
Result<Event> read_event(std::string_view document);

enum class Permission { Allow, Deny };

/// The PreToolUse answer, one line. `reason` is read by the model (Deny) or logged (Allow).
std::string permission_json(Permission permission, std::string_view reason);

}  // namespace countersign::doors::hook
