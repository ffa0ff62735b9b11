// session list, show, revoke, end.
#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/limits.h"
#include "cli/action_view.h"
#include "cli/field.h"
#include "cli/table.h"
#include "cli/verbs.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

std::string session_path(const std::string& id) {
    return "/v1/sessions/" + encode(id);
}

/// What the person typed, as they would type it again; empty: nothing, or not kept.
std::string command_of(const json::value& session) {
    model::Action typed;
    typed.kind = model::ActionKind::Exec;
    typed.argv = texts_at(session, "command");
    return typed.argv.empty() ? std::string() : action_line(typed);
}

std::string lines_of(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) {
        out += (out.empty() ? "" : "; ") + text;
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> session_pairs(const json::value& session,
                                                               Instant now) {
    const bool active = text_at(session, "state") == "active";
    std::vector<std::pair<std::string, std::string>> pairs = {
        {"session", text_at(session, "id")},
        {"state", text_at(session, "state")},
        {"agent", text_at(session, "agent.type") + " " + text_at(session, "agent.id")},
        {"model", text_at(session, "agent.model")},
        {"started by", text_at(session, "principal") + " on " + text_at(session, "host")},
        {"command", command_of(session)},
        {"purpose", text_at(session, "purpose")},
        {"door", text_at(session, "door")},
        {"workspace", text_at(session, "workspace")},
        {"contained", flag_at(session, "contained") ? "yes" : "no"},
        {"profile", text_at(session, "profile")},
        {"weakened", lines_of(texts_at(session, "weakenings"))},
        {"ceiling", text_at(session, "ceiling")},
        {"delegated from", text_at(session, "parent")},
        {"started", text_at(session, "started")},
        {"expires", active ? relative_time(text_at(session, "expires"), now) : ""},
        {"ended", text_at(session, "ended")},
        {"process", active ? text_at(session, "process_id") : ""}};
    std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
    return pairs;
}

Result<int> finish(World& world, const Arguments& arguments, std::string_view step,
                   std::string_view done) {
    Gateway* gateway = TRY(world.gateway());
    json::object body;
    body["reason"] = arguments.value_or("reason", "");
    const json::value answer =
        TRY(gateway->post(session_path(arguments.operand(0)) + std::string(step), body));
    if (arguments.json()) {
        return print_json(world, answer);
    }
    const json::value* session = member_at(answer, "session");
    const Look& look = world.console().out_look();
    world.console().out(
        shown(look, text_at(session != nullptr && session->is_object() ? *session : answer, "id")) +
        " " + std::string(done) + "\n");
    return 0;
}

}  // namespace

Result<int> verb_session_list(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    std::string path = "/v1/sessions";
    if (const auto state = arguments.value("state")) {
        path += "?state=" + encode(*state);
    }
    const json::value list = TRY(all_items(*gateway, path, limits::kSessionsMax));
    if (arguments.json()) {
        return print_json(world, list);
    }
    const Instant now = world.clock().now();
    Table table({{"SESSION"},
                 {"STATE"},
                 {"AGENT", Column::Side::Left, Column::Width::Yields},
                 {"BY"},
                 {"STARTED"},
                 {"EXPIRES"},
                 {"WORKSPACE", Column::Side::Left, Column::Width::Yields}});
    // Ids mean nothing; the newest is what people look for.
    std::vector<const json::value*> sessions;
    each_at(list, "items", [&](const json::value& session) { sessions.push_back(&session); });
    std::stable_sort(sessions.begin(), sessions.end(), [](const auto* a, const auto* b) {
        return text_at(*a, "started") > text_at(*b, "started");
    });
    for (const json::value* one : sessions) {
        const json::value& session = *one;
        const std::string state = text_at(session, "state");
        table.add({text_at(session, "id"),
                   {state, tone_of(state)},
                   text_at(session, "agent.type") + " " + text_at(session, "agent.id"),
                   text_at(session, "principal"),
                   short_time(text_at(session, "started"), now),
                   state == "active" ? relative_time(text_at(session, "expires"), now) : "",
                   text_at(session, "workspace")});
    }
    if (table.empty()) {
        world.console().err("no sessions\n");
        return 0;
    }
    world.console().out(table.print(world.console().out_look()));
    return 0;
}

Result<int> verb_session_show(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value session = TRY(gateway->get(session_path(arguments.operand(0))));
    if (arguments.json()) {
        return print_json(world, session);
    }
    world.console().out(
        print_pairs(world.console().out_look(), session_pairs(session, world.clock().now())));
    return 0;
}

Result<int> verb_session_revoke(World& world, const Arguments& arguments) {
    return finish(world, arguments, "/revoke", "revoked, with all it delegated to");
}

Result<int> verb_session_end(World& world, const Arguments& arguments) {
    return finish(world, arguments, "/end", "ended");
}

}  // namespace countersign::cli
