#include "bin/countersignd/request_line.h"

#include <boost/json.hpp>

#include "base/limits.h"
#include "sys/process.h"
#include "text/json.h"

namespace countersign::bin {
namespace {

namespace json = boost::json;

/// "/home/dev/project" lies in /home/dev. Elsewhere a home that nobody has: "~" then still is a
/// home, rather than unknown.
std::string home_for(const std::string& directory) {
    if (directory == "/root" || directory.starts_with("/root/")) {
        return "/root";
    }
    constexpr std::string_view kHomes = "/home/";
    if (directory.starts_with(kHomes)) {
        const std::size_t end = directory.find('/', kHomes.size());
        const std::string home = directory.substr(0, end);
        if (home.size() > kHomes.size()) {
            return home;
        }
    }
    return "/home/user";
}

Result<void> fill_places(model::Context& context, const RequestFlags& flags) {
    if (context.directory.empty()) {
        context.directory = flags.directory;
    }
    if (context.directory.empty()) {
        context.directory = TRY(sys::current_directory());
    }
    if (context.workspace.empty()) {
        context.workspace = flags.workspace.empty() ? context.directory : flags.workspace;
    }
    if (context.home.empty()) {
        context.home = flags.home.empty() ? home_for(context.workspace) : flags.home;
    }
    return {};
}

Result<model::ActionRequest> checked(model::ActionRequest request) {
    TRY(model::validate(request.action));
    TRY(model::validate(request.context));
    return request;
}

Result<void> read_environment(const json::value* value, model::Context& context) {
    if (value == nullptr) {
        return {};
    }
    if (!value->is_object() || value->get_object().size() > limits::kEnvironmentEntriesMax) {
        return Error(ErrorCode::Malformed, "request: env is no small object");
    }
    for (const auto& member : value->get_object()) {
        if (!member.value().is_string()) {
            return Error(ErrorCode::Malformed, "request: env holds something else than strings");
        }
        context.environment[std::string(member.key())] = std::string(member.value().get_string());
    }
    return {};
}

Result<void> read_agent(const json::value* value, model::AgentIdentity& agent) {
    if (value == nullptr) {
        return {};
    }
    text::ObjectReader in(*value, "agent");
    agent.type = in.string_or("type", limits::kNameBytesMax, agent.type);
    agent.id = in.string_or("id", limits::kNameBytesMax, "");
    agent.model = in.string_or("model", limits::kNameBytesMax, "");
    return in.finish();
}

}  // namespace

Instant judging_time() {
    // 2026-01-01T00:00:00Z: after every rule of a policy file was made, on no special hour.
    return Instant{1'767'225'600'000'000};
}

Result<model::ActionRequest> request_of(const RequestFlags& flags, Instant now) {
    model::ActionRequest request;
    const auto kind = model::action_kind_from(flags.kind);
    if (!kind) {
        return Error(ErrorCode::InvalidArgument, "there is no kind \"" + flags.kind + "\"");
    }
    request.action.kind = *kind;
    if (*kind == model::ActionKind::Exec) {
        request.action.argv = {flags.text};
    } else {
        request.action.text = flags.text;
    }
    request.context.agent.type = flags.agent;
    request.context.purpose = flags.purpose;
    request.context.contained = flags.contained;
    request.context.staged = flags.staged;
    request.context.door = "check";
    request.context.time = now;
    TRY(fill_places(request.context, flags));
    return checked(std::move(request));
}

Result<model::ActionRequest> request_from_line(const json::value& line,
                                               const RequestFlags& defaults, Instant now) {
    text::ObjectReader in(line, "request");
    model::ActionRequest request;
    model::Action& action = request.action;
    model::Context& context = request.context;
    in.optional_member("id");
    in.optional_member("expect");
    const auto kind = model::action_kind_from(
        in.string_or("kind", limits::kNameBytesMax, std::string(defaults.kind)));
    action.text = in.string_or("text", limits::kActionTextBytesMax, "");
    const std::string sql = in.string_or("sql", limits::kActionTextBytesMax, "");
    action.argv = in.strings_or_empty("argv", limits::kArgvWordsMax, limits::kActionTextBytesMax);
    action.program = in.string_or("program", limits::kPathBytesMax, "");
    action.server = in.string_or("server", limits::kPathBytesMax, "");
    action.name = in.string_or("name", limits::kNameBytesMax, "");
    action.target = in.string_or("target", limits::kActionTextBytesMax, "");
    context.directory = in.string_or("cwd", limits::kPathBytesMax, "");
    context.workspace = in.string_or("workspace", limits::kPathBytesMax, "");
    context.home = in.string_or("home", limits::kPathBytesMax, "");
    context.purpose = in.string_or("purpose", limits::kNameBytesMax, defaults.purpose);
    context.contained = in.boolean_or("contained", defaults.contained);
    context.staged = in.boolean_or("staged", defaults.staged);
    const json::value* environment = in.optional_member("env");
    const json::value* agent = in.optional_member("agent");
    TRY(in.finish());
    if (!kind) {
        return Error(ErrorCode::InvalidArgument, "request: unknown kind");
    }
    action.kind = *kind;
    if (action.text.empty()) {
        action.text = sql;
    }
    context.agent.type = defaults.agent;
    TRY(read_agent(agent, context.agent));
    TRY(read_environment(environment, context));
    context.door = "check";
    context.time = now;
    TRY(fill_places(context, defaults));
    return checked(std::move(request));
}

}  // namespace countersign::bin
