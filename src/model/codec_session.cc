#include "base/limits.h"
#include "model/codec.h"
#include "model/codec_parts.h"

namespace countersign::model {

namespace json = boost::json;

namespace {

json::value json_process(const std::optional<int>& process) {
    return process ? json::value(*process) : json::value(nullptr);
}

std::optional<int> process_member(text::ObjectReader& in) {
    if (in.optional_member("process_id") == nullptr) {
        return std::nullopt;
    }
    // Process ids are at most 2^22 on Linux; 0 and negative values would mean groups to kill(2).
    constexpr std::int64_t kProcessIdMost = 4'194'304;
    return static_cast<int>(in.integer("process_id", 1, kProcessIdMost));
}

// Members that a session has in common with what opens it.
template <class T>
json::object shared_json(const T& from) {
    return {{"agent", to_json(from.agent)},
            {"principal", json_text(from.principal)},
            {"purpose", json_text(from.purpose)},
            {"door", json_text(from.door)},
            {"host", json_text(from.host)},
            {"workspace", json_text(from.workspace)},
            {"home", json_text(from.home)},
            {"contained", from.contained},
            {"staged", from.staged},
            {"ceiling", json_name(tier_name(from.ceiling))},
            {"process_id", json_process(from.process_id)},
            {"command", json_texts(from.command)},
            {"profile", json_text(from.profile)},
            {"weakenings", json_texts(from.weakenings)}};
}

template <class T>
Result<void> shared_members(text::ObjectReader& in, T& into) {
    if (const json::value* agent = in.optional_member("agent")) {
        AgentIdentity identity = TRY(agent_from(*agent));
        into.agent = std::move(identity);
    }
    into.principal = in.string_or("principal", limits::kNameBytesMax, "");
    into.purpose = in.string_or("purpose", limits::kCommentBytesMax, "");
    into.door = in.string_or("door", limits::kNameBytesMax, "");
    into.host = in.string_or("host", limits::kNameBytesMax, "");
    into.workspace = in.string_or("workspace", limits::kPathBytesMax, "");
    into.home = in.string_or("home", limits::kPathBytesMax, "");
    into.contained = in.boolean_or("contained", false);
    into.staged = in.boolean_or("staged", false);
    into.ceiling = enum_member_or(in, "ceiling", kTierNames, Tier::Irreversible);
    into.process_id = process_member(in);
    into.command = in.strings_or_empty("command", kStartedWordsMax, kStartedBytesMax);
    into.profile = in.string_or("profile", limits::kNameBytesMax, "");
    into.weakenings = in.strings_or_empty("weakenings", kWeakeningsMax, kWeakeningBytesMax);
    return {};
}

}  // namespace

json::value to_json(const Session& session) {
    json::object out = shared_json(session);
    out["id"] = json_text(session.id);
    out["parent"] = json_optional(session.parent);
    out["delegation"] = json_texts(session.delegation);
    out["started"] = json_instant(session.started);
    out["expires"] = json_instant(session.expires);
    out["state"] = json_name(session_state_name(session.state));
    out["ended"] = json_instant(session.ended);
    return out;
}

Result<Session> session_from(const json::value& value) {
    text::ObjectReader in(value, "session");
    Session session;
    TRY(shared_members(in, session));
    session.id = in.string("id", limits::kNameBytesMax);
    session.parent = in.optional_string("parent", limits::kNameBytesMax);
    session.delegation =
        in.strings_or_empty("delegation", limits::kDelegationDepthMax, limits::kNameBytesMax);
    session.started = instant_member(in, "started");
    session.expires = instant_member(in, "expires");
    session.state = enum_member(in, "state", kSessionStateNames, SessionState::Revoked);
    session.ended = optional_instant(in, "ended");
    TRY(in.finish());
    return session;
}

json::value to_json(const SessionRequest& request) {
    json::object out = shared_json(request);
    out["directory"] = json_text(request.directory);
    out["lifetime_s"] = std::chrono::duration_cast<std::chrono::seconds>(request.lifetime).count();
    return out;
}

Result<SessionRequest> session_request_from(const json::value& value) {
    text::ObjectReader in(value, "session request");
    SessionRequest request;
    TRY(shared_members(in, request));
    request.directory = in.string_or("directory", limits::kPathBytesMax, "");
    const auto usual = std::chrono::duration_cast<std::chrono::seconds>(request.lifetime).count();
    request.lifetime = std::chrono::seconds(
        in.integer_or("lifetime_s", 1, limits::kSessionLifetimeSecondsMax, usual));
    TRY(in.finish());
    return request;
}

}  // namespace countersign::model
