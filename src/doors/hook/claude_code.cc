#include "doors/hook/claude_code.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/limits.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::doors::hook {
namespace {

namespace json = boost::json;
using model::ActionKind;

/// How a built-in tool becomes an action. Tools that are not listed are tool calls.
struct Tool {
    std::string_view name;
    ActionKind kind;
    std::string_view verb;     ///< File: read or write; Http: the method
    std::string_view target;   ///< input member that names the target
    std::string_view content;  ///< input member with the text; may be empty
};

constexpr std::array<Tool, 12> kTools = {{
    {"Bash", ActionKind::Command, "", "", "command"},
    {"Write", ActionKind::File, "write", "file_path", "content"},
    {"Edit", ActionKind::File, "write", "file_path", "new_string"},
    {"MultiEdit", ActionKind::File, "write", "file_path", "edits"},
    {"NotebookEdit", ActionKind::File, "write", "notebook_path", "new_source"},
    {"Read", ActionKind::File, "read", "file_path", ""},
    {"NotebookRead", ActionKind::File, "read", "notebook_path", ""},
    {"Glob", ActionKind::File, "read", "path", ""},
    {"Grep", ActionKind::File, "read", "path", ""},
    {"LS", ActionKind::File, "read", "path", ""},
    {"WebFetch", ActionKind::Http, "GET", "url", ""},
    {"PowerShell", ActionKind::ToolCall, "", "", ""},
}};
/// Tools that search from the working directory when they are not told where.
constexpr std::array<std::string_view, 3> kSearches = {"Glob", "Grep", "LS"};
constexpr std::string_view kMcpPrefix = "mcp__";
/// The server name of the agent's own tools. No MCP server can take it: a slash is refused there.
constexpr std::string_view kOwnTools = "claude-code/builtin";

const Tool* find_tool(std::string_view name) {
    for (const Tool& tool : kTools) {
        if (tool.name == name) {
            return &tool;
        }
    }
    return nullptr;
}

/// A string member; nullopt when it is absent or something else.
std::optional<std::string> string_member(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    const json::string* found = value == nullptr ? nullptr : value->if_string();
    if (found == nullptr) {
        return std::nullopt;
    }
    return std::string(found->data(), found->size());
}

std::string text_of(const json::value& value) {
    const json::string* found = value.if_string();
    return found != nullptr ? std::string(found->data(), found->size()) : json::serialize(value);
}

std::string absolute(std::string path, const std::string& directory) {
    if (path.starts_with('/')) {
        return path;
    }
    return directory + (directory.ends_with('/') ? "" : "/") + path;
}

Result<model::Action> tool_call(const std::string& tool, const json::object& input) {
    model::Action action;
    action.kind = ActionKind::ToolCall;
    action.server = kOwnTools;
    action.name = tool;
    if (tool.starts_with(kMcpPrefix)) {
        const std::string rest = tool.substr(kMcpPrefix.size());
        const std::size_t split = rest.find("__");
        action.server = rest.substr(0, split);
        action.name = split == std::string::npos ? rest : rest.substr(split + 2);
        if (action.server.empty() || action.server.find('/') != std::string::npos) {
            return Error(ErrorCode::Malformed, "an MCP tool's name has no proper server name");
        }
    }
    action.text = json::serialize(input);
    return action;
}

Result<model::Action> action_of(const Tool& tool, const json::object& input,
                                const std::string& directory) {
    model::Action action;
    action.kind = tool.kind;
    action.name = tool.verb;
    if (!tool.content.empty()) {
        const json::value* content = input.if_contains(tool.content);
        const bool is_text = content != nullptr && content->is_string();
        if (tool.kind == ActionKind::Command && !is_text) {
            return Error(ErrorCode::Malformed, "tool_input has no command text");
        }
        action.text = content == nullptr ? std::string() : text_of(*content);
    }
    if (tool.target.empty()) {
        return action;
    }
    std::optional<std::string> target = string_member(input, tool.target);
    const bool searches =
        std::find(kSearches.begin(), kSearches.end(), tool.name) != kSearches.end();
    if (!target && !searches) {
        return Error(ErrorCode::Malformed,
                     "tool_input has no " + std::string(tool.target) + " text");
    }
    if (tool.kind == ActionKind::File) {
        action.target = absolute(target.value_or(directory), directory);
    } else {
        action.target = *target;
    }
    return action;
}

/// What a tool gave back: the text itself, or stdout and stderr of a command.
void read_response(const json::value& response, Event& event) {
    const json::object* object = response.if_object();
    event.result = text_of(response);
    if (object == nullptr) {
        return;
    }
    const auto output = string_member(*object, "stdout");
    if (output) {
        event.result = *output + string_member(*object, "stderr").value_or("");
    }
    for (const char* name : {"exitCode", "exit_code", "returnCode"}) {
        const json::value* code = object->if_contains(name);
        if (code != nullptr && code->is_int64() && code->get_int64() >= 0 &&
            code->get_int64() <= 255) {
            event.exit_code = static_cast<int>(code->get_int64());
        }
    }
}

std::string source_of(const Event& event) {
    switch (event.action.kind) {
        case ActionKind::Command:
            return "output of " + event.action.text.substr(0, limits::kNameBytesMax - 16);
        case ActionKind::File:
        case ActionKind::Http:
            return event.action.target;
        default:
            return event.tool;
    }
}

Result<void> read_tool(const json::object& object, Event& event) {
    const auto tool = string_member(object, "tool_name");
    const json::value* input = object.if_contains("tool_input");
    if (!tool || tool->empty() || input == nullptr || !input->is_object()) {
        return Error(ErrorCode::Malformed, "the event names no tool and input");
    }
    event.tool = *tool;
    event.tool_use = string_member(object, "tool_use_id").value_or("");
    const Tool* known = find_tool(*tool);
    if (known == nullptr || known->kind == ActionKind::ToolCall) {
        event.action = TRY(tool_call(*tool, input->get_object()));
        return {};
    }
    event.action = TRY(action_of(*known, input->get_object(), event.directory));
    return {};
}

}  // namespace

Result<Event> read_event(std::string_view document) {
    const json::value value = TRY(text::parse_json(document, limits::kRequestBodyBytesMax));
    const json::object* object = value.if_object();
    if (object == nullptr) {
        return Error(ErrorCode::Malformed, "a hook event is a JSON object");
    }
    Event event;
    const auto kind = string_member(*object, "hook_event_name");
    const auto session = string_member(*object, "session_id");
    const auto directory = string_member(*object, "cwd");
    if (!kind || !session || !directory || !directory->starts_with('/')) {
        return Error(ErrorCode::Malformed,
                     "a hook event has hook_event_name, session_id and an absolute cwd");
    }
    event.session = *session;
    event.directory = *directory;
    if (*kind == "PreToolUse" || *kind == "PostToolUse") {
        event.kind = *kind == "PreToolUse" ? EventKind::PreToolUse : EventKind::PostToolUse;
        TRY(read_tool(*object, event));
    }
    const json::value* response = object->if_contains("tool_response");
    if (event.kind == EventKind::PostToolUse && response != nullptr) {
        read_response(*response, event);
        event.source = source_of(event);
    }
    return event;
}

std::string permission_json(Permission permission, std::string_view reason) {
    const json::object answer{
        {"hookSpecificOutput",
         json::object{{"hookEventName", "PreToolUse"},
                      {"permissionDecision", permission == Permission::Allow ? "allow" : "deny"},
                      {"permissionDecisionReason", text::to_valid_utf8(reason)}}}};
    return json::serialize(answer);
}

}  // namespace countersign::doors::hook
