// What came of released actions.
#include <set>
#include <utility>

#include "gate/action_desk.h"
#include "gate/redaction.h"

namespace countersign::gate {

// Only what was released can have an outcome, once, by the session that it was released to.
Result<void> ActionDesk::check_report(const model::Session& session, std::string_view id) {
    const LiveAction* action = actions_.live(id);
    std::optional<ActionEntry> stored;
    if (action == nullptr) {
        stored = TRY(actions_.find(id));
    }
    const ActionEntry* entry = action != nullptr ? &action->entry : stored ? &*stored : nullptr;
    if (entry == nullptr || entry->request.context.session != session.id) {
        return Error(ErrorCode::NotFound, "there is no such action in this session");
    }
    if (entry->state != ActionState::Granted) {
        return Error(ErrorCode::Conflict, std::string("the action is ") +
                                              std::string(action_state_name(entry->state)) +
                                              ", so nothing of it can have run");
    }
    if (action == nullptr) {
        const bool recorded = TRY(has_record(*entry));
        if (!recorded) {
            return Error(ErrorCode::Conflict,
                         "the record of its release was lost at a loss of power, so nothing can "
                         "be added to it");
        }
    }
    return {};
}

Result<void> ActionDesk::apply_report(const model::OutcomeReport& report, std::uint64_t seq) {
    LiveAction* action = actions_.live(report.action);
    std::optional<ActionEntry> stored;
    if (action == nullptr) {
        stored = TRY(actions_.find(report.action));
        if (!stored) {
            return Error(ErrorCode::NotFound, "there is no such action in this session");
        }
    }
    ActionEntry& entry = action != nullptr ? action->entry : *stored;
    entry.records.push_back(seq);
    entry.outcome = report.outcome;
    entry.state = ActionState::Done;
    entry.message = message_for(entry);
    ++rooms_.core.metrics.outcomes;
    if (action != nullptr) {
        actions_.changed(*action);
    } else {
        actions_.store_later(entry);
    }
    publish(entry);
    return {};
}

Result<std::vector<RefusedReport>> ActionDesk::report(
    const model::Session& session, std::span<const model::OutcomeReport> reports) {
    std::vector<RefusedReport> refused;
    std::vector<std::pair<model::OutcomeReport, std::uint64_t>> recorded;
    std::set<std::string_view> seen;
    for (const model::OutcomeReport& report : reports) {
        auto may = check_report(session, report.action);
        if (may.ok() && !seen.insert(report.action).second) {
            may = Error(ErrorCode::Conflict, "its outcome stands twice");
        }
        if (!may.ok()) {
            refused.push_back({report.action, may.take_error()});
            continue;
        }
        model::OutcomeReport clean{report.action, rooms_.core.redactor.outcome(report.outcome)};
        audit::OutcomeRecord body;
        body.action = clean.action;
        body.session = session.id;
        body.outcome = &clean.outcome;
        const std::uint64_t seq =
            TRY(rooms_.core.recorder.append(audit::to_record(body), Safety::Written));
        recorded.emplace_back(std::move(clean), seq);
    }
    // What is acknowledged is written; until then no action has changed.
    if (!recorded.empty()) {
        TRY(rooms_.core.recorder.write_appended());
    }
    for (const auto& [report, seq] : recorded) {
        TRY(apply_report(report, seq));
    }
    return refused;
}

Result<void> ActionDesk::report(const model::Session& session, std::string_view id,
                                const model::Outcome& outcome) {
    const model::OutcomeReport one{std::string(id), outcome};
    std::vector<RefusedReport> refused = TRY(report(session, std::span(&one, 1)));
    if (!refused.empty()) {
        return std::move(refused.front().error);
    }
    return {};
}

}  // namespace countersign::gate
