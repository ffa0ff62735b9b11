#include "base/limits.h"
#include "model/codec.h"
#include "model/codec_parts.h"

namespace countersign::model {

namespace json = boost::json;

namespace {

// Replaced bytes are up to three times as long as the bytes themselves (U+FFFD is three bytes).
constexpr std::size_t kShownTextBytesMax = 3 * limits::kActionTextBytesMax;
constexpr std::size_t kShownPathBytesMax = 3 * limits::kPathBytesMax;
constexpr std::size_t kDigestBytesMax = 80;

json::array json_argv(const std::vector<std::string>& argv, BytesWriter& bytes) {
    json::array out;
    out.reserve(argv.size());
    for (std::size_t i = 0; i < argv.size(); ++i) {
        out.emplace_back(bytes.put("argv/" + std::to_string(i), argv[i]));
    }
    return out;
}

// A key has no second, exact form: an ill-formed one becomes the empty key, which no decoder takes.
json::string json_key(std::string_view key) {
    return text::invalid_utf8_at(key) ? json::string() : json_name(key);
}

struct TextMember {
    std::string_view name;
    std::string Action::* member;
    std::size_t bytes_max;
};
constexpr std::array<TextMember, 5> kActionTexts = {
    {{"text", &Action::text, kShownTextBytesMax},
     {"program", &Action::program, kShownPathBytesMax},
     {"server", &Action::server, kShownPathBytesMax},
     {"name", &Action::name, kShownPathBytesMax},
     {"target", &Action::target, kShownTextBytesMax}}};

json::object agent_json(const AgentIdentity& agent) {
    return {{"id", json_text(agent.id)},
            {"type", json_text(agent.type)},
            {"model", json_text(agent.model)}};
}

}  // namespace

json::value to_json(const AgentIdentity& agent) {
    return agent_json(agent);
}

Result<AgentIdentity> agent_from(const json::value& value) {
    text::ObjectReader in(value, "agent");
    AgentIdentity agent;
    agent.id = in.string_or("id", limits::kNameBytesMax, "");
    agent.type = in.string_or("type", limits::kNameBytesMax, agent.type);
    agent.model = in.string_or("model", limits::kNameBytesMax, "");
    TRY(in.finish());
    return agent;
}

json::value to_json(const Action& action) {
    json::object out;
    BytesWriter bytes;
    out["kind"] = json_name(action_kind_name(action.kind));
    for (const TextMember& entry : kActionTexts) {
        const std::string& value = action.*entry.member;
        if (!value.empty()) {
            out[entry.name] = bytes.put(std::string(entry.name), value);
        }
    }
    if (!action.argv.empty()) {
        out["argv"] = json_argv(action.argv, bytes);
    }
    if (!action.content.empty()) {
        json::object content;
        for (const auto& [path, digest] : action.content) {
            content[json_key(path)] = json_text(digest);
        }
        out["content"] = std::move(content);
    }
    std::move(bytes).finish(out);
    return out;
}

Result<Action> action_from(const json::value& value) {
    text::ObjectReader in(value, "action");
    Action action;
    action.kind = enum_member_or(in, "kind", kActionKindNames, ActionKind::Command);
    BytesReader bytes(in, limits::kArgvWordsMax, limits::kActionTextBytesMax);
    for (const TextMember& entry : kActionTexts) {
        std::string& member = action.*entry.member;
        member = in.string_or(entry.name, entry.bytes_max, "");
        bytes.restore(std::string(entry.name), member);
    }
    action.argv = in.strings_or_empty("argv", limits::kArgvWordsMax, kShownTextBytesMax);
    for (std::size_t i = 0; i < action.argv.size(); ++i) {
        bytes.restore("argv/" + std::to_string(i), action.argv[i]);
    }
    action.content =
        string_map_or_empty(in, "content", limits::kEnvironmentEntriesMax, kDigestBytesMax);
    bytes.finish();
    TRY(in.finish());
    return action;
}

json::value to_json(const Context& context) {
    json::object out;
    BytesWriter bytes;
    out["session"] = json_text(context.session);
    out["agent"] = agent_json(context.agent);
    out["principal"] = json_text(context.principal);
    out["purpose"] = json_text(context.purpose);
    out["door"] = json_text(context.door);
    out["host"] = json_text(context.host);
    out["directory"] = bytes.put("directory", context.directory);
    out["workspace"] = bytes.put("workspace", context.workspace);
    out["home"] = bytes.put("home", context.home);
    out["contained"] = context.contained;
    out["staged"] = context.staged;
    out["time"] = json_instant(context.time);
    if (!context.delegation.empty()) {
        out["delegation"] = json_texts(context.delegation);
    }
    if (!context.within.empty()) {
        out["within"] = json_text(context.within);
    }
    if (!context.environment.empty()) {
        json::object environment;
        for (const auto& [name, setting] : context.environment) {
            environment[json_key(name)] = bytes.put("environment/" + name, setting);
        }
        out["environment"] = std::move(environment);
    }
    std::move(bytes).finish(out);
    return out;
}

Result<Context> context_from(const json::value& value) {
    text::ObjectReader in(value, "context");
    Context context;
    BytesReader bytes(in, limits::kEnvironmentEntriesMax + 3, limits::kEnvironmentValueBytesMax);
    context.session = in.string_or("session", limits::kNameBytesMax, "");
    if (const json::value* agent = in.optional_member("agent")) {
        AgentIdentity identity = TRY(agent_from(*agent));
        context.agent = std::move(identity);
    }
    context.principal = in.string_or("principal", limits::kNameBytesMax, "");
    context.purpose = in.string_or("purpose", limits::kCommentBytesMax, "");
    context.door = in.string_or("door", limits::kNameBytesMax, context.door);
    context.host = in.string_or("host", limits::kNameBytesMax, "");
    context.directory = in.string_or("directory", kShownPathBytesMax, "");
    context.workspace = in.string_or("workspace", kShownPathBytesMax, "");
    context.home = in.string_or("home", kShownPathBytesMax, "");
    bytes.restore("directory", context.directory);
    bytes.restore("workspace", context.workspace);
    bytes.restore("home", context.home);
    context.contained = in.boolean_or("contained", false);
    context.staged = in.boolean_or("staged", false);
    context.time = optional_instant(in, "time").value_or(Instant{});
    context.delegation =
        in.strings_or_empty("delegation", limits::kDelegationDepthMax, limits::kNameBytesMax);
    context.within = in.string_or("within", limits::kNameBytesMax, "");
    context.environment = string_map_or_empty(in, "environment", limits::kEnvironmentEntriesMax,
                                              3 * limits::kEnvironmentValueBytesMax);
    for (auto& [name, setting] : context.environment) {
        bytes.restore("environment/" + name, setting);
    }
    bytes.finish();
    TRY(in.finish());
    return context;
}

json::value to_json(const ActionRequest& request) {
    return json::object{{"action", to_json(request.action)}, {"context", to_json(request.context)}};
}

Result<ActionRequest> request_from(const json::value& value) {
    text::ObjectReader in(value, "request");
    ActionRequest request;
    if (const json::value* action = in.member("action")) {
        Action decoded = TRY(action_from(*action));
        request.action = std::move(decoded);
    }
    if (const json::value* context = in.optional_member("context")) {
        Context decoded = TRY(context_from(*context));
        request.context = std::move(decoded);
    }
    TRY(in.finish());
    return request;
}

json::value to_json(const Outcome& outcome) {
    return json::object{
        {"exit_code", outcome.exit_code ? json::value(*outcome.exit_code) : json::value(nullptr)},
        {"duration_us", outcome.duration_us},
        {"bytes_out", outcome.bytes_out},
        {"started", outcome.started},
        {"error", json_text(outcome.error)},
        {"files_changed", json_texts(outcome.files_changed)},
        {"hosts", json_texts(outcome.hosts)}};
}

Result<Outcome> outcome_from(const json::value& value) {
    text::ObjectReader in(value, "outcome");
    Outcome outcome;
    if (in.optional_member("exit_code") != nullptr) {
        outcome.exit_code = static_cast<int>(in.integer("exit_code", 0, 255));
    }
    outcome.duration_us = in.integer_or("duration_us", 0, INT64_MAX, 0);
    outcome.bytes_out = in.integer_or("bytes_out", 0, INT64_MAX, 0);
    outcome.started = in.boolean_or("started", true);
    outcome.error = in.string_or("error", 3 * limits::kCommentBytesMax, "");
    outcome.files_changed =
        in.strings_or_empty("files_changed", limits::kOutcomeEntriesMax, kShownPathBytesMax);
    outcome.hosts =
        in.strings_or_empty("hosts", limits::kOutcomeEntriesMax, 2 * limits::kNameBytesMax);
    TRY(in.finish());
    return outcome;
}

}  // namespace countersign::model
