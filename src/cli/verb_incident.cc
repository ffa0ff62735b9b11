// incident start, status, export, drill: containment with a stop-watch.
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/table.h"
#include "cli/verbs.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kAffectedShown = 20;

std::string milliseconds(std::int64_t value) {
    return std::to_string(value) + " ms";
}

std::string counted(std::size_t count, std::string_view noun, std::string_view plural = "s") {
    return std::to_string(count) + " " + std::string(noun) + std::string(count == 1 ? "" : plural);
}

std::size_t count_at(const json::value& value, std::string_view path) {
    std::size_t count = 0;
    each_at(value, path, [&count](const json::value&) { ++count; });
    return count;
}

void print_affected(std::string& out, const Look& look, const json::value& incident,
                    std::string_view kind) {
    const auto names = texts_at(incident, "affected." + std::string(kind));
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i == kAffectedShown) {
            out += "             and " + std::to_string(names.size() - i) + " more in the bundle\n";
            return;
        }
        out += "  " + paint(look, Tone::Dim, pad(i == 0 ? kind : "", 9)) + "  " +
               shown(look, names[i]) + "\n";
    }
}

/// The whole incident for people: each step with its time, the total, then what is affected.
std::string incident_text(const Look& look, const json::value& incident) {
    std::string out = paint(look, Tone::Bold, "incident " + shown(look, text_at(incident, "id")));
    out += flag_at(incident, "drill") ? " (drill on a throwaway session)" : "";
    out += "  session " + shown(look, text_at(incident, "session")) + "\n\n";
    Table steps({{"STEP"},
                 {"TOOK", Column::Side::Right},
                 {"WHAT", Column::Side::Left, Column::Width::Yields}});
    each_at(incident, "steps", [&](const json::value& step) {
        const json::value* ok = member_at(step, "ok");
        const bool failed = ok != nullptr && ok->is_bool() && !ok->get_bool();
        steps.add({{text_at(step, "name"), failed ? Tone::Bad : Tone::Bold},
                   milliseconds(number_at(step, "duration_ms")),
                   (failed ? "FAILED: " : "") + text_at(step, "detail")});
    });
    out += steps.print(look) + "\n";
    out +=
        paint(look, Tone::Good, "contained in " + milliseconds(number_at(incident, "total_ms"))) +
        "\n\n";
    out += "  " + paint(look, Tone::Dim, pad("revoked", 9)) + "  " +
           counted(count_at(incident, "revoked"), "session") + ", " +
           counted(count_at(incident, "killed"), "process", "es") + " killed, " +
           counted(count_at(incident, "denied"), "held action") + " denied\n";
    for (const std::string_view kind : {"files", "hosts", "databases"}) {
        print_affected(out, look, incident, kind);
    }
    out += "  " + paint(look, Tone::Dim, pad("bundle", 9)) + "  " +
           shown(look, text_at(incident, "bundle")) + "\n";
    return out;
}

Result<int> print_incident(World& world, const Arguments& arguments, const json::value& incident) {
    if (arguments.json()) {
        return print_json(world, incident);
    }
    world.console().out(incident_text(world.console().out_look(), incident));
    return 0;
}

Result<int> start(World& world, const Arguments& arguments, const std::string& session,
                  const std::string& reason) {
    Gateway* gateway = TRY(world.gateway());
    json::object body;
    body["session"] = session;
    body["drill"] = session.empty();
    body["reason"] = reason;
    body["by"] = arguments.value_or("by", world.person().name);
    const Duration from = world.clock().monotonic();
    const json::value incident = TRY(gateway->post("/v1/incidents", body));
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(world.clock().monotonic() - from);
    [[maybe_unused]] const auto done = TRY(print_incident(world, arguments, incident));
    if (!arguments.json()) {
        world.console().err("stop-watch: " + milliseconds(took.count()) +
                            " from the command to its answer\n");
    }
    return 0;
}

Result<json::value> incident_named(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    return gateway->get("/v1/incidents/" + encode(arguments.operand(0)));
}

}  // namespace

Result<int> verb_incident_start(World& world, const Arguments& arguments) {
    const std::string session = arguments.value_or("session", "");
    if (session.empty()) {
        return Error(ErrorCode::InvalidArgument, "which session?",
                     "--session ID; countersign session list --state active");
    }
    return start(world, arguments, session, arguments.value_or("reason", ""));
}

Result<int> verb_incident_drill(World& world, const Arguments& arguments) {
    return start(world, arguments, "", "drill");
}

Result<int> verb_incident_status(World& world, const Arguments& arguments) {
    const json::value incident = TRY(incident_named(world, arguments));
    return print_incident(world, arguments, incident);
}

Result<int> verb_incident_export(World& world, const Arguments& arguments) {
    const json::value incident = TRY(incident_named(world, arguments));
    const std::string bundle = text_at(incident, "bundle");
    if (bundle.empty()) {
        return Error(ErrorCode::NotFound, "the incident has no bundle");
    }
    if (arguments.json()) {
        return print_json(world, json::object{{"bundle", bundle}});
    }
    world.console().out(bundle + "\n");
    return 0;
}

}  // namespace countersign::cli
