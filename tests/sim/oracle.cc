#include "oracle.h"

#include <boost/json.hpp>

#include "text/json.h"

namespace countersign::sim {
namespace {

using State = gate::ActionState;

/// Which steps the life of an action has.
bool allowed(std::optional<State> before, State now) {
    if (!before || *before == now) {
        return true;
    }
    switch (*before) {
        case State::Pending:
            return now == State::Granted || now == State::Denied || now == State::Expired ||
                   now == State::Suspended;
        case State::Suspended:
            return now != State::Done;
        case State::Granted:
            return now == State::Done;
        case State::Denied:
        case State::Expired:
        case State::Done:
            return false;
    }
    return false;
}

std::string text_member(const boost::json::value& body, std::string_view name) {
    const boost::json::value* value = body.as_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string().c_str())
                                                  : std::string();
}

bool needs_people(int people) {
    return people > 0;
}

}  // namespace

void Oracle::submitted(const Submitted& action) {
    Watched watched;
    watched.what = action;
    watched.deadline = world_.clock.steady + time_limit_;
    actions_.emplace(action.id, std::move(watched));
}

void Oracle::voted(const model::Vote& vote, Quality quality, std::string_view how) {
    Watched& action = actions_.at(vote.action);
    if (quality == Quality::Bad) {
        return say(action, "took a bad vote: " + std::string(how));
    }
    if (vote.ballot == model::Ballot::Deny) {
        action.denied = true;
        return;
    }
    if (world_.clock.steady > action.deadline && action.state == State::Pending) {
        say(action, "took a vote after its time limit");
    }
    if (!action.for_it.insert(vote.approver).second) {
        say(action, "took two votes of " + vote.approver);
    }
}

void Oracle::denied(const std::string& action) {
    actions_.at(action).denied = true;
}

void Oracle::reported(const std::string& id) {
    Watched& action = actions_.at(id);
    if (++action.outcomes > 1) {
        say(action, "took a second outcome");
    }
    action.outcome_acknowledged = true;
}

void Oracle::froze() {
    frozen_ = true;
}

void Oracle::thawed() {
    frozen_ = false;
    // A deferred action is asked for from now on.
    for (auto& [id, action] : actions_) {
        if (action.state == State::Suspended) {
            action.deadline = world_.clock.steady + time_limit_;
        }
    }
}

void Oracle::authenticated(const model::Session& session) {
    if (ended_.contains(session.id) && violation_.empty()) {
        violation_ = session.id + ": its token was accepted after its end";
    }
}

void Oracle::restarted(bool power_lost) {
    reread_ = true;
    frozen_ = world_.gate().actions().freeze_state().frozen;
    for (auto& [id, action] : actions_) {
        // The steady clock of another process knows nothing of this one's.
        action.deadline = std::max(action.deadline, world_.clock.steady + time_limit_);
    }
    if (power_lost) {
        lost_what_was_written();
    }
}

void Oracle::lost_what_was_written() {
    reread_ = true;
    for (auto& [id, action] : actions_) {
        // What was released at once is only written: the promise is for what can do harm.
        action.fragile = action.fragile || !needs_people(action.what.people);
        // So are outcomes.
        action.outcome_acknowledged = false;
        action.outcomes = 0;
        if (action.state == State::Done) {
            action.state = State::Granted;
        }
    }
}

void Oracle::look() {
    if (!violation_.empty() || !world_.serving()) {
        return;
    }
    read_records();
    for (auto& [id, action] : actions_) {
        look_at(action);
    }
    if (violation_.empty()) {
        violation_ = subject_.fault();
    }
}

void Oracle::look_at(Watched& action) {
    const auto entry = action.fragile ? std::nullopt : subject_.action(action.what.id);
    if (!entry) {
        // A store that fails answers nothing; what was lost with the power is unknown to it.
        return;
    }
    const State now = entry->state;
    check_step(action, now);
    const bool released = now == State::Granted || now == State::Done;
    const bool before = action.state == State::Granted || action.state == State::Done;
    if (released && !before) {
        check_release(action, *entry);
    }
    if (released) {
        check_record(action);
    }
    if (gate::is_open(now) && ended_.contains(action.what.session)) {
        say(action, "is open though its session has ended");
    }
    action.state = now;
}

void Oracle::check_step(const Watched& action, State now) {
    if (!allowed(action.state, now)) {
        say(action, "went from " + std::string(gate::action_state_name(*action.state)) + " to " +
                        std::string(gate::action_state_name(now)));
    }
}

void Oracle::check_release(Watched& action, const gate::ActionEntry& entry) {
    if (frozen_) {
        say(action, "was released while everything is held");
    }
    if (action.denied) {
        say(action, "was released though somebody denied it");
    }
    if (action.what.people == kNever) {
        say(action, "was released though it is forbidden");
    }
    if (ended_.contains(action.what.session)) {
        say(action, "was released after the end of its session");
    }
    check_consent(action, entry);
}

void Oracle::check_consent(const Watched& action, const gate::ActionEntry& entry) {
    int needed = action.what.people;
    if (!action.what.within.empty() && entry.decided_by == "grant " + action.what.within) {
        const auto outer = actions_.find(action.what.within);
        const bool good = outer != actions_.end() && outer->second.state == State::Granted &&
                          outer->second.what.session == action.what.session &&
                          outer->second.what.people >= needed;
        if (!good) {
            say(action, "was released by a grant that does not cover it");
        }
        return;
    }
    if (action.state == State::Pending) {
        needed = std::max(needed, entry.verdict.approvals);
    }
    int entitled = 0;
    for (const std::string& name : action.for_it) {
        entitled += action.what.excluded.contains(name) ? 0 : 1;
    }
    if (entitled < needed) {
        say(action, "was released with " + std::to_string(entitled) + " of " +
                        std::to_string(needed) + " people");
    }
    released_by_people_ += needs_people(needed) ? 1 : 0;
}

void Oracle::check_record(const Watched& action) {
    const std::string& id = action.what.id;
    const bool told = recorded_.now.contains(id) ||
                      (recorded_.held.contains(id) && recorded_.released.contains(id));
    if (!told) {
        return say(action, "was released without a record");
    }
    const bool costly = needs_people(action.what.people);
    if (costly && recorded_.release_seq.at(id) >= world_.log().durable_size()) {
        say(action, "was released before its record was on disk");
    }
    if (action.outcome_acknowledged && recorded_.outcomes[id] != 1) {
        say(action, "has " + std::to_string(recorded_.outcomes[id]) +
                        " records of an outcome that was acknowledged");
    }
}

void Oracle::read_records() {
    const auto records = subject_.records();
    if (!records.ok()) {
        return;
    }
    if (reread_ || records->size() < records_seen_ || !world_.log().healthy()) {
        recorded_ = {};
        records_seen_ = 0;
        reread_ = false;
    }
    for (std::size_t i = records_seen_; i < records->size(); ++i) {
        take_up((*records)[i]);
    }
    records_seen_ = records->size();
}

void Oracle::take_up(const audit::ReadRecord& record) {
    const auto body = text::parse_json(record.body, record.body.size());
    if (!body.ok()) {
        return;
    }
    const std::string action = text_member(*body, "action");
    if (record.type == "decision") {
        const std::string release = text_member(*body, "release");
        if (release == "now") {
            recorded_.now.insert(action);
            recorded_.release_seq[action] = record.seq;
        } else if (release == "held") {
            recorded_.held.insert(action);
        }
    } else if (record.type == "release") {
        recorded_.released.insert(action);
        recorded_.release_seq[action] = record.seq;
    } else if (record.type == "outcome") {
        ++recorded_.outcomes[action];
    }
}

void Oracle::say(const Watched& action, const std::string& what) {
    if (violation_.empty()) {
        violation_ = action.what.id + " " + what;
    }
}

std::optional<State> Oracle::state(const std::string& id) const {
    const auto found = actions_.find(id);
    return found == actions_.end() ? std::nullopt : found->second.state;
}

const std::set<std::string>& Oracle::voters(const std::string& id) const {
    return actions_.at(id).for_it;
}

}  // namespace countersign::sim
