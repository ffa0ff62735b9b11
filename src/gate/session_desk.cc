#include "gate/session_desk.h"

#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "gate/redaction.h"
#include "model/codec.h"
#include "text/json.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using store::Collection;

/// The root process of a session and when it started, so that a reused number is not killed.
std::string process_key(std::string_view session) {
    return "process:" + std::string(session);
}

struct KnownProcess {
    int process_id = 0;
    std::uint64_t started = 0;
};

Result<std::optional<KnownProcess>> process_of(store::Store& store, std::string_view session) {
    const auto document = TRY(store::get(store, Collection::Meta, process_key(session)));
    if (!document) {
        return std::optional<KnownProcess>();
    }
    const json::value value = TRY(text::parse_json(*document, limits::kConfigBytesMax));
    text::ObjectReader in(value, "process");
    KnownProcess process;
    process.process_id = static_cast<int>(in.integer("process_id", 2, INT32_MAX));
    process.started = static_cast<std::uint64_t>(in.integer("started", 0, INT64_MAX));
    TRY(in.finish());
    return std::optional(process);
}

}  // namespace

Event session_event(const model::Session& session) {
    return {"session", json::serialize(model::to_json(session))};
}

Result<model::SessionGrant> SessionDesk::open(const model::SessionRequest& request) {
    std::optional<std::uint64_t> started;
    if (request.process_id) {
        auto found = core_.machine.start_time(*request.process_id);
        if (!found.ok()) {
            return Error(
                ErrorCode::InvalidArgument,
                "there is no process " + std::to_string(*request.process_id) + " to supervise");
        }
        started = found.take();
    }
    model::SessionRequest kept = request;
    kept.command = core_.redactor.words(request.command);
    kept.purpose = core_.redactor.text(request.purpose);
    model::SessionGrant grant = TRY(sessions_.start(kept));
    if (started) {
        auto noted = note_process(grant.session, *started);
        if (!noted.ok()) {
            never_began(grant.session.id);
            return noted.take_error();
        }
    }
    model::SessionGrant admitted = TRY(admit(std::move(grant)));
    core_.openings.expect(admitted.session.id, request.command, request.directory,
                          core_.clock.monotonic());
    return admitted;
}

Result<model::SessionGrant> SessionDesk::delegate(const model::Session& parent,
                                                  const session::DelegationRequest& request) {
    session::DelegationRequest kept = request;
    kept.purpose = core_.redactor.text(request.purpose);
    model::SessionGrant grant = TRY(sessions_.delegate(parent.id, kept));
    return admit(std::move(grant));
}

/// Its start has no record, so neither may its end, whenever the store comes to know of it.
void SessionDesk::never_began(const std::string& id) {
    if (!sessions_.revoke(id).ok()) {
        recorded_.insert(id);
    }
}

Result<model::SessionGrant> SessionDesk::admit(model::SessionGrant grant) {
    auto recorded = core_.recorder.record_now(audit::session_start_record(grant.session));
    if (!recorded.ok()) {
        never_began(grant.session.id);
        return std::move(recorded.take_error()).with_context("the session cannot be recorded");
    }
    core_.events.add(session_event(grant.session));
    return grant;
}

Result<void> SessionDesk::note_process(const model::Session& session, std::uint64_t started) {
    const json::value value = json::object{{"process_id", *session.process_id},
                                           {"started", static_cast<std::int64_t>(started)}};
    return store::put(core_.store, store::Durability::Written, Collection::Meta,
                      process_key(session.id), json::serialize(value), {});
}

std::vector<model::Session> SessionDesk::family(std::string_view id) {
    std::vector<model::Session> out;
    std::vector<std::string> ids = sessions_.descendants(id);
    ids.insert(ids.begin(), std::string(id));
    for (const std::string& member : ids) {
        const auto session = sessions_.find(member);
        if (session.ok() && *session && (*session)->state == model::SessionState::Active) {
            out.push_back(**session);
        }
    }
    return out;
}

Result<Closing> SessionDesk::close(std::string_view id, model::SessionState how,
                                   std::string_view by, std::string_view reason) {
    Closing closing;
    const bool revoke = how == model::SessionState::Revoked;
    std::vector<model::Session> before = family(id);
    auto closed = revoke ? sessions_.revoke(id) : sessions_.end(id);
    const bool stored = closed.ok();
    if (stored) {
        closing.sessions = closed.take();
    } else if (closed.error().code == ErrorCode::NotFound) {
        return closed.take_error();
    } else {
        // The tokens are dead in memory; what failed is the note of it on disk.
        closing.failures.push_back(closed.error().message);
        closing.sessions = std::move(before);
        for (model::Session& session : closing.sessions) {
            session.state = how;
            session.ended = core_.clock.now();
        }
    }
    for (const model::Session& session : closing.sessions) {
        if (revoke) {
            kill(session, closing);
        }
        record_end(session, by, reason, closing);
        if (!stored) {
            recorded_.insert(session.id);
        }
        experience_.forget(session.id);
        core_.openings.forget(session.id);
        core_.events.add(session_event(session));
    }
    if (auto settled = core_.recorder.settle(); !settled.ok()) {
        closing.failures.push_back(settled.error().message);
        for (const model::Session& session : closing.sessions) {
            recorded_.erase(session.id);
        }
    }
    return closing;
}

Result<void> SessionDesk::end_recorded(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
        TRY(sessions_.revoke(id));
    }
    return {};
}

void SessionDesk::kill(const model::Session& session, Closing& closing) {
    auto process = process_of(core_.store, session.id);
    if (!process.ok()) {
        closing.failures.push_back(process.error().message);
        return;
    }
    if (!*process) {
        return;
    }
    auto killed = core_.machine.kill((*process)->process_id, (*process)->started);
    if (killed.ok()) {
        closing.killed.push_back((*process)->process_id);
    } else {
        closing.failures.push_back(killed.error().message);
    }
}

void SessionDesk::record_end(const model::Session& session, std::string_view by,
                             std::string_view reason, Closing& closing) {
    if (recorded_.erase(session.id) > 0) {
        return;
    }
    audit::SessionEnd end;
    end.session = session.id;
    end.state = session.state;
    end.by = by;
    end.reason = reason;
    auto recorded = core_.recorder.append(audit::to_record(end), Safety::Durable);
    if (!recorded.ok()) {
        closing.failures.push_back(recorded.error().message);
    }
}

std::vector<model::Session> SessionDesk::expire() {
    auto expired = sessions_.expire();
    if (!expired.ok()) {
        log::warning("sessions that ran out cannot be stored: " + expired.error().message);
        return {};
    }
    Closing closing;
    for (const model::Session& session : *expired) {
        const bool ran_out = session.state == model::SessionState::Expired;
        record_end(session, ran_out ? "clock" : "gateway",
                   ran_out ? "its time ran out" : "ended earlier; it could not be stored then",
                   closing);
        experience_.forget(session.id);
        core_.openings.forget(session.id);
        core_.events.add(session_event(session));
    }
    for (const std::string& failure : closing.failures) {
        log::warning("the end of a session cannot be recorded: " + failure);
    }
    return expired.take();
}

}  // namespace countersign::gate
