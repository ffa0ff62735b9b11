// What an agent asks to do, and the circumstances in which it asks. Values; thread safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/names.h"

namespace countersign::model {

enum class ActionKind {
    Command,   ///< shell text (bash)
    Exec,      ///< argv of one program start
    Sql,       ///< SQL text
    ToolCall,  ///< an MCP tool call
    Http,      ///< an outgoing request
    File       ///< an agent's own read, write or edit tool
};

inline constexpr std::array<std::string_view, 6> kActionKindNames = {"command",   "exec", "sql",
                                                                     "tool_call", "http", "file"};

constexpr std::string_view action_kind_name(ActionKind kind) {
    return name_in(kActionKindNames, kind);
}
constexpr std::optional<ActionKind> action_kind_from(std::string_view name) {
    return value_in<ActionKind>(kActionKindNames, name);
}

/// One action. Which members matter depends on `kind`; the others stay empty.
struct Action {
    ActionKind kind = ActionKind::Command;
    /// Command: bash text. Sql: SQL text. ToolCall: the arguments as JSON. Http: the body, may be
    /// empty. File: the new content, may be empty.
    std::string text;
    std::vector<std::string> argv;  ///< Exec only; argv[0] as the caller spells it
    std::string program;            ///< Exec: absolute path of the file that would start
    std::string server;             ///< ToolCall: MCP server name. Sql: database URL or empty.
    std::string name;               ///< ToolCall: tool name. Http: method. File: read|write|delete.
    std::string target;             ///< Http: URL. File: path.
    /// Content digests that the door computed for files which the action runs (script path ->
    /// "sha256:<hex>"), so that an approval is bound to what the person saw.
    std::map<std::string, std::string> content;

    bool operator==(const Action&) const = default;
};

struct AgentIdentity {
    std::string id;               ///< instance, such as "claude-code@host"
    std::string type = "coding";  ///< the baseline and the rules' scope
    std::string model;            ///< the language model behind it, when told

    bool operator==(const AgentIdentity&) const = default;
};

/// The circumstances. For a call through the API the gateway overwrites session, agent, principal,
/// delegation, purpose, workspace, contained and staged from the session: an agent cannot say who
/// it is.
struct Context {
    std::string session;  ///< session id; empty in `check`
    AgentIdentity agent;
    std::string principal;                ///< the person or job that started it
    std::vector<std::string> delegation;  ///< session ids, the root first, the asking one excluded
    std::string purpose;
    std::string door = "api";  ///< run, sh, hook, mcp, pg, ssh, egress, api, check
    std::string host;
    std::string directory;   ///< absolute working directory
    std::string workspace;   ///< absolute; may not be "/"... then it means nothing
    std::string home;        ///< absolute; empty: unknown
    bool contained = false;  ///< inside our jail
    bool staged = false;     ///< file changes in the workspace can be undone
    /// Environment that matters: what could change the meaning of the action (PATH, LD_*, ...).
    std::map<std::string, std::string> environment;
    /// Id of the released action whose process asks (its grant); empty: asked by itself. The gate
    /// checks that it belongs to this session and was released.
    std::string within;
    Instant time;

    bool operator==(const Context&) const = default;
};

struct ActionRequest {
    Action action;
    Context context;
    bool operator==(const ActionRequest&) const = default;
};

/// What a door reports when a released action has ended.
struct Outcome {
    /// Exit status 0-255, or 128+signal; nullopt: not a process or not known.
    std::optional<int> exit_code;
    std::int64_t duration_us = 0;
    std::int64_t bytes_out = 0;
    bool started = true;  ///< false: released but never ran (ENOENT, the caller died)
    std::string error;    ///< why it did not start, one line; empty otherwise
    std::vector<std::string> files_changed;  ///< absolute paths, bounded by the door
    std::vector<std::string> hosts;          ///< host:port contacted

    bool operator==(const Outcome&) const = default;
};

/// An outcome and the action that it is of. Doors that start many programs report them together.
struct OutcomeReport {
    std::string action;
    Outcome outcome;
};

/// InvalidArgument or LimitExceeded when a member passes its bound (base/limits.h), holds a NUL, or
/// contradicts the kind (Exec without argv, a relative directory ...).
Result<void> validate(const Action& action);
Result<void> validate(const Context& context);

}  // namespace countersign::model
