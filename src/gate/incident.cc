#include "gate/incident.h"

#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/tokens.h"
#include "gate/bundle.h"
#include "text/json.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using store::Collection;

json::string text_json(std::string_view text) {
    return json::string(text.data(), text.size());
}

template <class T>
json::array list_json(const std::vector<T>& list) {
    json::array out;
    for (const T& element : list) {
        out.emplace_back(element);
    }
    return out;
}

std::int64_t milliseconds(Duration span) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

}  // namespace

json::value to_json(const Incident& incident) {
    json::array steps;
    for (const IncidentStep& step : incident.steps) {
        steps.push_back(json::object{{"name", text_json(step.name)},
                                     {"detail", text_json(step.detail)},
                                     {"duration_ms", milliseconds(step.took)},
                                     {"ok", step.ok}});
    }
    return json::object{
        {"id", text_json(incident.id)},
        {"session", text_json(incident.session)},
        {"drill", incident.drill},
        {"by", text_json(incident.by)},
        {"reason", text_json(incident.reason)},
        {"started", text_json(format_instant(incident.started))},
        {"steps", std::move(steps)},
        {"total_ms", milliseconds(incident.total)},
        {"bundle", text_json(incident.bundle)},
        {"affected", json::object{{"files", list_json(incident.affected.files)},
                                  {"hosts", list_json(incident.affected.hosts)},
                                  {"databases", list_json(incident.affected.databases)}}},
        {"revoked", list_json(incident.revoked)},
        {"killed", list_json(incident.killed)},
        {"denied", list_json(incident.denied)}};
}

void IncidentDesk::step(Incident& incident, std::string_view name, Duration began,
                        std::string detail, bool ok) {
    IncidentStep done;
    done.name = name;
    done.detail = std::move(detail);
    done.took = core_.clock.monotonic() - began;
    done.ok = ok;
    audit::IncidentStep body;
    body.incident = incident.id;
    body.session = incident.session;
    body.step = name;
    body.by = incident.by;
    body.detail = done.detail;
    body.elapsed_us = std::chrono::duration_cast<std::chrono::microseconds>(done.took).count();
    auto recorded = core_.recorder.append(audit::to_record(body), Safety::Durable);
    if (!recorded.ok()) {
        done.detail += " (not recorded: " + recorded.error().message + ")";
        done.ok = false;
    }
    incident.steps.push_back(std::move(done));
}

Result<std::string> IncidentDesk::open_drill_session(const IncidentRequest& request) {
    model::SessionRequest session;
    session.agent.id = "drill";
    session.agent.type = "drill";
    session.principal = request.by;
    session.purpose = "incident drill";
    session.door = "api";
    session.host = core_.host;
    session.workspace = "/nonexistent/drill";
    session.lifetime = std::chrono::minutes(5);
    const model::SessionGrant grant = TRY(sessions_.open(session));
    // Something for the drill to deny: an action that nobody can have wanted.
    model::ActionRequest action;
    action.action.kind = model::ActionKind::Command;
    action.action.text = "rm -rf /srv/drill";
    action.context.directory = session.workspace;
    TRY(actions_.submit(grant.session, std::move(action)));
    actions_.settled(core_.recorder.settle());
    return grant.session.id;
}

Result<std::vector<model::Session>> IncidentDesk::revoke(Incident& incident, std::string_view why) {
    const Duration at = core_.clock.monotonic();
    const auto known = TRY(sessions_.find(incident.session));
    if (!known) {
        return Error(ErrorCode::NotFound, "there is no session " + incident.session);
    }
    step(incident, "started", at, incident.reason, true);
    Closing closing =
        TRY(sessions_.close(incident.session, model::SessionState::Revoked, incident.by, why));
    for (const model::Session& session : closing.sessions) {
        incident.revoked.push_back(session.id);
    }
    std::string failures;
    for (const std::string& failure : closing.failures) {
        failures += "; " + failure;
    }
    step(incident, "revoked", at, std::to_string(incident.revoked.size()) + " sessions" + failures,
         closing.failures.empty());
    incident.killed = closing.killed;
    step(incident, "killed", at, std::to_string(incident.killed.size()) + " processes" + failures,
         closing.failures.empty());
    if (closing.sessions.empty()) {
        // It was over already: what it did is still to be gathered.
        closing.sessions.push_back(*known);
    }
    return std::move(closing.sessions);
}

void IncidentDesk::export_evidence(Incident& incident,
                                   const std::vector<model::Session>& sessions) {
    const Duration at = core_.clock.monotonic();
    std::vector<std::string> ids;
    for (const model::Session& session : sessions) {
        ids.push_back(session.id);
    }
    auto actions = actions_of(actions_, ids);
    if (!actions.ok()) {
        return step(incident, "exported", at, actions.error().message, false);
    }
    incident.affected = affected_by(*actions);
    auto bundle = write_bundle(core_, actions_, {&incident, &sessions, &*actions});
    incident.bundle = bundle.ok() ? *bundle : std::string();
    step(incident, "exported", at, bundle.ok() ? *bundle : bundle.error().message, bundle.ok());
}

void IncidentDesk::keep(const Incident& incident) {
    const std::string document = json::serialize(to_json(incident));
    auto stored = store::put(core_.store, store::Durability::Synced, Collection::Incidents,
                             incident.id, document, {{"session", incident.session}});
    if (!stored.ok()) {
        log::warning("incident " + incident.id + " cannot be stored: " + stored.error().message);
    }
    core_.events.add({"incident", document});
}

Result<Incident> IncidentDesk::start(const IncidentRequest& request) {
    Clock& clock = core_.clock;
    const Duration began = clock.monotonic();
    Incident incident;
    incident.id = crypto::make_id("i-", 6, core_.random);
    incident.drill = request.drill;
    incident.by = request.by;
    incident.reason = request.reason;
    incident.started = clock.now();
    incident.session = request.session;
    if (incident.session.empty()) {
        incident.session = TRY(open_drill_session(request));
    }
    const std::string why = "incident " + incident.id;
    const std::vector<model::Session> sessions = TRY(revoke(incident, why));

    const Duration at = clock.monotonic();
    incident.denied = actions_.deny_sessions(sessions, incident.by, why);
    step(incident, "frozen", at, std::to_string(incident.denied.size()) + " open actions denied",
         true);
    export_evidence(incident, sessions);
    incident.total = clock.monotonic() - began;
    step(incident, "finished", began, "all steps done", true);
    actions_.settled(core_.recorder.settle());
    keep(incident);
    return incident;
}

Result<std::optional<json::value>> IncidentDesk::find(std::string_view id) {
    const auto document = TRY(store::get(core_.store, Collection::Incidents, id));
    if (!document) {
        return std::optional<json::value>();
    }
    json::value value = TRY(text::parse_json(*document, store::kDocumentBytesMax));
    return std::optional(std::move(value));
}

}  // namespace countersign::gate
