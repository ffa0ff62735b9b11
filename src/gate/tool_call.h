// What an MCP tool call would do, told from its name (verb and noun) and from the paths, addresses
// and texts in its arguments. A verb that the table does not know is an effect Unknown: a question.
// Names are a weak witness (a server may lie), hence a tool never gets less than its arguments say.
// Pure; thread safe.
#pragma once

#include <optional>
#include <string_view>

#include "gate/unwrap.h"

namespace countersign::gate {

/// Adds the call's effects through `walk`; `request.action.kind` is ToolCall.
void read_tool_call(const model::ActionRequest& request, Unwrapper& walk);

/// The effect kind that a tool's name stands for; nullopt: no verb that we know.
std::optional<model::EffectKind> kind_of_tool(std::string_view tool_name);
/// The same for a tool of a server whose tools we know by name; others by their verb.
std::optional<model::EffectKind> kind_of_tool(std::string_view server, std::string_view tool_name);

/// Host of a URL with its port removed; empty when `url` has no authority part (RFC 3986 3.2).
std::string host_of_url(std::string_view url);

}  // namespace countersign::gate
