#include "gate/action_desk.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gate/action_digest.h"
#include "gate/redaction.h"
#include "model/codec.h"
#include "text/encoding.h"

namespace countersign::gate {
namespace {

using model::Decision;
using model::Tier;

std::int64_t microseconds(Duration span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

audit::ReleaseMode release_mode(ActionState state) {
    switch (state) {
        case ActionState::Granted:
            return audit::ReleaseMode::Now;
        case ActionState::Pending:
        case ActionState::Suspended:
            return audit::ReleaseMode::Held;
        case ActionState::Denied:
        case ActionState::Expired:
        case ActionState::Done:
            return audit::ReleaseMode::Never;
    }
    return audit::ReleaseMode::Never;
}

/// What a release of this tier must survive before it is told.
Safety safety_for(ActionState state, Tier tier) {
    const bool costly = state == ActionState::Granted ? tier >= Tier::SideEffect : is_open(state);
    return costly ? Safety::Durable : Safety::Written;
}

/// Whoever types an agent's name has not consented to what the agent starts.
bool gives_grant(const ActionEntry& entry) {
    return !entry.decided_by.starts_with(kStartedBy);
}

}  // namespace

void ActionDesk::identify(model::Context& context, const model::Session& session,
                          Instant now) const {
    context.session = session.id;
    context.agent = session.agent;
    context.principal = session.principal;
    context.delegation = session.delegation;
    context.purpose = session.purpose;
    context.host = session.host;
    context.workspace = session.workspace;
    context.home = session.home;
    context.contained = session.contained;
    context.staged = session.staged;
    if (context.directory.empty()) {
        context.directory = session.workspace;
    }
    context.time = now;
}

std::vector<std::string> ActionDesk::never_counts(const model::Context& context) {
    std::vector<std::string> names{context.session};
    if (!context.agent.id.empty()) {
        names.push_back(context.agent.id);
    }
    for (const std::string& id : context.delegation) {
        names.push_back(id);
        const auto parent = rooms_.sessions.find(id);
        if (parent.ok() && *parent && !(*parent)->agent.id.empty()) {
            names.push_back((*parent)->agent.id);
        }
    }
    if (!rooms_.rules.policy().principal_counts() && !context.principal.empty()) {
        names.push_back(context.principal);
    }
    return names;
}

std::string ActionDesk::next_id() {
    // Time in front, so that keys sort by age; the low bits only keep two gateways' ids apart.
    std::array<std::byte, 2> noise{};
    rooms_.core.random.fill(noise);
    const auto micro = static_cast<std::uint64_t>(rooms_.core.clock.now().microseconds);
    const std::uint64_t low = (std::to_integer<std::uint64_t>(noise[0]) << 4U) |
                              (std::to_integer<std::uint64_t>(noise[1]) & 0xFU);
    last_id_ = std::max(last_id_ + 1, (micro << 12U) | low);
    std::array<std::byte, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(last_id_ >> (8U * (bytes.size() - 1 - i)));
    }
    return "a-" + text::to_hex(bytes);
}

Judgement ActionDesk::judge_now(const model::ActionRequest& request, std::string_view digest,
                                Tier ceiling, Instant now) {
    Knowledge knowledge;
    knowledge.evaluator = &rooms_.rules.evaluator();
    knowledge.policy_digest = rooms_.rules.policy().digest();
    knowledge.observations = &rooms_.experience.observed(request.context.session);
    knowledge.baseline = &rooms_.experience.baseline(request.context.agent.type);
    knowledge.ceiling = ceiling;
    knowledge.memo = &memo_;
    knowledge.digest = digest;
    return judge(request, knowledge, now);
}

Result<std::string> ActionDesk::submit(const model::Session& session,
                                       model::ActionRequest request) {
    Core& core = rooms_.core;
    const Duration began = core.clock.monotonic();
    const Instant now = core.clock.now();
    TRY(model::validate(request.action));
    identify(request.context, session, now);
    TRY(model::validate(request.context));

    LiveAction action;
    action.entry.id = next_id();
    action.entry.digest = action_digest(request).text();
    action.entry.created = now;
    action.opened = began;
    action.ceiling = session.ceiling;
    action.typed = core.openings.take(request, began);
    if (request.action.kind == model::ActionKind::Command) {
        action.text = crypto::sha256(request.action.text);
    }
    Judgement judgement = judge_now(request, action.entry.digest, session.ceiling, now);
    const Meaning* meaning = memo_.find(action.entry.digest);
    action.entry.request = meaning != nullptr ? core.redactor.request(request, meaning->redacted)
                                              : core.redactor.request(request);
    apply(action, std::move(judgement), request);
    const bool keep = is_open(action.entry.state);
    if (keep) {
        action.original = std::move(request);
    }
    const std::int64_t latency = microseconds(core.clock.monotonic() - began);
    record_decision(action, latency);
    core.metrics.note_latency(latency);
    ++core.metrics.decisions[static_cast<std::size_t>(action.entry.verdict.decision)];
    ++core.metrics.tiers[static_cast<std::size_t>(action.entry.verdict.assessment.tier)];
    const LiveAction& added = actions_.add(std::move(action));
    unsettled_.push_back(added.entry.id);
    return added.entry.id;
}

void ActionDesk::apply(LiveAction& action, Judgement judgement,
                       const model::ActionRequest& request) {
    ActionEntry& entry = action.entry;
    model::Verdict& verdict = judgement.verdict;
    action.used_rules = std::move(judgement.used_rules);
    action.assessment = verdict.assessment;
    action.modified = verdict.modified;
    entry.decided_by = verdict.rule.value_or("policy");
    const bool asks = verdict.decision == Decision::StepUp || verdict.decision == Decision::Defer;
    if (asks && covered_by_grant(action, verdict, request)) {
        verdict.decision = Decision::Allow;
        verdict.approvals = 0;
        verdict.rule.reset();
        verdict.reason = "covered by " + entry.decided_by;
        verdict.hint.clear();
        ++rooms_.core.metrics.granted_by_grant;
    }
    if (action.typed && one_person_may_start(verdict) && rooms_.rules.policy().principal_counts()) {
        start_as_typed(entry, verdict);
    }
    if (freeze_.frozen && verdict.decision != Decision::Deny) {
        verdict.decision = Decision::Defer;
        verdict.approvals = 0;
        verdict.reason = "everything is held by " + freeze_.by + ": " + freeze_.reason;
        entry.decided_by = "freeze";
    }
    const Meaning* meaning = memo_.find(entry.digest);
    // The verdict of a Modify speaks of the changed form, which the memo does not know.
    const Redactor& redactor = rooms_.core.redactor;
    entry.verdict = meaning != nullptr && !verdict.modified
                        ? redactor.verdict(verdict, meaning->redacted)
                        : redactor.verdict(verdict);
    switch (verdict.decision) {
        case Decision::Allow:
        case Decision::Modify:
            entry.state = ActionState::Granted;
            break;
        case Decision::Deny:
            entry.state = ActionState::Denied;
            break;
        case Decision::Defer:
            suspend(action, freeze_.frozen);
            break;
        case Decision::StepUp:
            hold_for_people(action);
            break;
    }
    entry.message = message_for(entry);
}

void ActionDesk::start_as_typed(ActionEntry& entry, model::Verdict& verdict) {
    entry.decided_by = std::string(kStartedBy) + entry.request.context.principal;
    verdict.decision = Decision::Allow;
    verdict.approvals = 0;
    verdict.rule.reset();
    verdict.reason = entry.decided_by + ", who typed it: " + verdict.reason;
    verdict.hint.clear();
}

bool ActionDesk::covered_by_grant(LiveAction& action, const model::Verdict& verdict,
                                  const model::ActionRequest& request) {
    const std::string& within = request.context.within;
    if (within.empty() || request.action.kind != model::ActionKind::Exec) {
        return false;
    }
    if (runs_released_text(action, request)) {
        return true;
    }
    const LiveAction* outer = actions_.live(within);
    if (outer != nullptr) {
        if (!outer->settled || !gives_grant(outer->entry) ||
            outer->entry.state != ActionState::Granted ||
            outer->entry.request.context.session != request.context.session) {
            return false;
        }
        if (coverage({outer->assessment}, verdict.assessment) == Coverage::Beyond) {
            return false;
        }
    } else {
        const auto stored = actions_.find(within);
        if (!stored.ok() || !*stored || !gives_grant(**stored) ||
            (*stored)->state != ActionState::Granted ||
            (*stored)->request.context.session != request.context.session ||
            coverage({(*stored)->verdict.assessment}, verdict.assessment) == Coverage::Beyond) {
            return false;
        }
    }
    action.entry.decided_by = "grant " + within;
    return true;
}

// A door that runs inside the jail (`sh -c TEXT`) has its text released first; the shell's own
// start then carries the same text in its argv.
bool ActionDesk::runs_released_text(LiveAction& action, const model::ActionRequest& request) {
    const std::vector<std::string>& argv = request.action.argv;
    const std::string_view program = request.action.program;
    // Only bash: the text was read as bash would read it.
    const bool is_shell = program == "/bin/bash" || program == "/usr/bin/bash";
    if (!is_shell || argv.size() < 3 || argv[1] != "-c") {
        return false;
    }
    LiveAction* text = actions_.unused_command(request.context.session, crypto::sha256(argv[2]));
    if (text == nullptr) {
        return false;
    }
    text->text_used = true;
    action.entry.decided_by = "grant " + text->entry.id;
    return true;
}

void ActionDesk::suspend(LiveAction& action, bool by_freeze) {
    Core& core = rooms_.core;
    if (actions_.open_count(action.entry.request.context.session) >=
            limits::kPendingPerSessionMax ||
        actions_.open_count() >= limits::kPendingActionsMax) {
        return deny(action, "too many actions are waiting already", "gateway");
    }
    const Duration limit =
        by_freeze ? approval::kTimeLimitMax : rooms_.rules.policy().approval_time();
    action.entry.state = ActionState::Suspended;
    action.by_freeze = by_freeze;
    action.deadline = core.clock.monotonic() + limit;
    action.entry.expires = core.clock.now().plus(limit);
}

void ActionDesk::hold_for_people(LiveAction& action) {
    ActionEntry& entry = action.entry;
    approval::ConsentRequest request;
    request.action = entry.id;
    request.action_digest = entry.digest;
    request.session = entry.request.context.session;
    request.excluded = never_counts(entry.request.context);
    request.approvals = entry.verdict.approvals;
    request.time_limit = rooms_.rules.policy().approval_time();
    auto consent = rooms_.approvals.request(request);
    if (!consent.ok()) {
        return deny(action, "no person can be asked: " + consent.error().message, "gateway");
    }
    entry.state = ActionState::Pending;
    entry.expires = consent->expires;
    const std::size_t people = rooms_.approvers.active_count();
    if (people < static_cast<std::size_t>(std::max(entry.verdict.approvals, 0))) {
        entry.verdict.reason += " (only " + std::to_string(people) +
                                (people == 1 ? " person is" : " people are") + " enrolled to vote)";
    }
}

void ActionDesk::deny(LiveAction& action, std::string reason, std::string by) {
    ActionEntry& entry = action.entry;
    entry.state = ActionState::Denied;
    entry.verdict.decision = Decision::Deny;
    entry.verdict.approvals = 0;
    entry.verdict.reason = std::move(reason);
    entry.decided_by = std::move(by);
    entry.expires.reset();
    entry.message = message_for(entry);
}

void ActionDesk::record_decision(LiveAction& action, std::int64_t latency_us) {
    Core& core = rooms_.core;
    ActionEntry& entry = action.entry;
    audit::DecisionRecord body;
    body.action = entry.id;
    body.digest = entry.digest;
    body.request = &entry.request;
    body.verdict = &entry.verdict;
    body.release = release_mode(entry.state);
    body.decided_by = entry.decided_by;
    if (entry.state == ActionState::Pending) {
        body.excluded = never_counts(entry.request.context);
    }
    body.latency_us = latency_us;
    action.epoch = core.recorder.epoch();
    auto seq = core.recorder.append(audit::to_record(body),
                                    safety_for(entry.state, entry.verdict.assessment.tier));
    if (!seq.ok()) {
        return unrecorded(action, seq.error());
    }
    entry.records.push_back(*seq);
    if (!is_open(entry.state)) {
        entry.decided = core.clock.now();
    }
}

void ActionDesk::unrecorded(LiveAction& action, const Error& error) {
    ActionEntry& entry = action.entry;
    ++rooms_.core.metrics.unrecorded;
    if (entry.state == ActionState::Pending) {
        // Ends it in memory at least, so that no vote can release what has no record.
        auto denied = rooms_.approvals.deny(entry.id, "it could not be recorded");
        if (!denied.ok()) {
            log::warning("a consent cannot be withdrawn: " + denied.error().message);
        }
    }
    log::error("action " + entry.id + " is denied since it cannot be recorded: " + error.message);
    entry.records.clear();
    deny(action, "it cannot be recorded: " + error.message, "gateway");
}

void ActionDesk::settled(const Result<void>& outcome) {
    const std::vector<std::string> ids = std::exchange(unsettled_, {});
    const std::uint64_t epoch = rooms_.core.recorder.epoch();
    bool open = false;
    for (const std::string& id : ids) {
        LiveAction* action = actions_.live(id);
        if (action == nullptr || action->settled) {
            continue;
        }
        const bool lost = action->epoch != epoch && !action->entry.records.empty();
        if (lost || (!outcome.ok() && action->entry.state != ActionState::Denied)) {
            unrecorded(*action, outcome.ok() ? Error(ErrorCode::Unavailable, "its record was lost")
                                             : outcome.error());
        }
        action->settled = true;
        actions_.changed(*action);
        open = open || is_open(action->entry.state);
        if (action->entry.state == ActionState::Granted) {
            released(*action);
        }
        watch_action(rooms_.core, action->entry);
        publish(action->entry);
    }
    if (open) {
        // People are told about it next: a gateway that dies now must still know it.
        if (auto written = actions_.write_now(); !written.ok()) {
            log::warning("actions cannot be stored: " + written.error().message);
        }
    }
}

void ActionDesk::released(LiveAction& action) {
    const ActionEntry& entry = action.entry;
    const Instant now = rooms_.core.clock.now();
    rooms_.rules.used(action.used_rules, entry.verdict.assessment, now);
    rooms_.experience.add(entry.request.context.agent.type,
                          anomaly::features_of(entry.request, action.assessment), now);
}

void ActionDesk::publish(const ActionEntry& entry) {
    if (rooms_.core.events.watched()) {
        rooms_.core.events.add({"action", boost::json::serialize(view_json(entry))});
    }
}

Result<std::optional<ActionDesk::AnswerText>> ActionDesk::answer_text(const model::Session& session,
                                                                      std::string_view id,
                                                                      AnswerView view) {
    const LiveAction* action = actions_.live(id);
    const bool as_it_is = action != nullptr && !action->modified &&
                          action->entry.request.context.session == session.id;
    if (as_it_is) {
        return std::optional(
            AnswerText{gate::answer_text(action->entry, view), is_open(action->entry.state)});
    }
    const std::optional<ActionEntry> entry = TRY(answer(session, id));
    if (!entry) {
        return std::optional<AnswerText>();
    }
    return std::optional(AnswerText{gate::answer_text(*entry, view), is_open(entry->state)});
}

Result<std::optional<ActionEntry>> ActionDesk::answer(const model::Session& session,
                                                      std::string_view id) {
    std::optional<ActionEntry> entry = TRY(actions_.find(id));
    if (!entry || entry->request.context.session != session.id) {
        return std::optional<ActionEntry>();
    }
    const LiveAction* action = actions_.live(id);
    if (action != nullptr && action->modified && entry->state == ActionState::Granted) {
        entry->verdict.modified = action->modified;
    }
    return entry;
}

Result<std::vector<model::Finding>> ActionDesk::observe(const model::Session& session,
                                                        std::string_view source,
                                                        std::string_view content) {
    if (content.size() > limits::kObservationBytesMax || source.size() > limits::kPathBytesMax) {
        return Error(ErrorCode::LimitExceeded, "an observation is larger than what is kept");
    }
    std::vector<model::Finding> findings = inspect::observe(content);
    audit::Observation body;
    body.session = session.id;
    body.source = rooms_.core.redactor.text(source);
    body.digest = crypto::sha256(content).text();
    body.bytes = static_cast<std::int64_t>(content.size());
    for (const model::Finding& finding : findings) {
        body.findings.push_back(finding.kind);
    }
    TRY(rooms_.core.recorder.record_written(audit::to_record(body)));
    rooms_.experience.observe(session.id, {std::string(source), std::string(content)});
    // What was read can be what a later command was taken from.
    memo_.clear();
    resume_suspended(session.id, false, "observation");
    return findings;
}

}  // namespace countersign::gate
