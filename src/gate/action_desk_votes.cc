// The part of the action desk that people drive: votes, what they release or refuse, silence.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "audit/attestation.h"
#include "audit/receipt.h"
#include "base/log.h"
#include "gate/action_desk.h"
#include "gate/redaction.h"
#include "model/codec.h"

namespace countersign::gate {
namespace {

std::string names_of(const approval::Consent& consent, model::Ballot ballot) {
    std::string out;
    for (const model::Vote& vote : consent.votes) {
        if (vote.ballot == ballot) {
            out += out.empty() ? vote.approver : ", " + vote.approver;
        }
    }
    return out;
}

/// Those whose approval counts: whoever was removed since does not.
std::vector<std::string> approvers_of(const approval::Consent& consent,
                                      const approval::Approvers& approvers) {
    std::vector<std::string> out;
    for (const model::Vote& vote : consent.votes) {
        const auto approver = approvers.find(vote.approver);
        if (vote.ballot == model::Ballot::Approve && approver && approver->active) {
            out.push_back(vote.approver);
        }
    }
    return out;
}

/// Nothing when the wall clock was set back meanwhile: no record tells of less than no time.
std::int64_t microseconds_since(Instant earlier, Instant now) {
    return std::max<std::int64_t>(now.microseconds - earlier.microseconds, 0);
}

}  // namespace

Result<ActionEntry> ActionDesk::vote(const model::Vote& vote) {
    LiveAction* action = actions_.live(vote.action);
    if (action == nullptr) {
        const auto known = TRY(actions_.find(vote.action));
        Error error = known ? Error(ErrorCode::Conflict, "the action has been decided already")
                            : Error(ErrorCode::NotFound, "there is no such action");
        refused_vote(vote, error);
        return error;
    }
    auto counted = rooms_.approvals.vote(vote);
    if (!counted.ok()) {
        refused_vote(vote, counted.error());
        return counted.take_error();
    }
    ++rooms_.core.metrics.votes;
    const approval::Consent consent = counted.take();
    ActionEntry& entry = action->entry;
    const auto approver = rooms_.approvers.find(vote.approver);
    auto recorded = rooms_.core.recorder.record_now(
        audit::vote_record(vote, approver ? approver->public_key : std::string()));
    if (!recorded.ok()) {
        // A release needs the record of each of its votes, so this request cannot succeed any more.
        auto withdrawn = rooms_.approvals.deny(entry.id, "a vote could not be recorded");
        refuse(*action, ActionState::Denied, "gateway", "a vote could not be recorded");
        settle_now();
        return recorded.take_error();
    }
    entry.records.push_back(*recorded);
    entry.votes.push_back(vote);
    entry.votes_for = consent.votes_for();
    if (consent.state == approval::ConsentState::Denied) {
        refuse(*action, ActionState::Denied, names_of(consent, model::Ballot::Deny),
               vote.comment.empty() ? "denied by " + vote.approver
                                    : "denied by " + vote.approver + ": " + vote.comment);
    } else if (consent.state == approval::ConsentState::Granted && !freeze_.frozen) {
        release(*action, consent);
    }
    actions_.changed(*action);
    // Settling lets go of what has ended, so the entry is looked up anew.
    const std::string id = entry.id;
    settle_now();
    std::optional<ActionEntry> after = TRY(actions_.find(id));
    if (!after) {
        return Error(ErrorCode::Internal, "the action is gone after its vote");
    }
    return std::move(*after);
}

void ActionDesk::refused_vote(const model::Vote& vote, const Error& error) {
    ++rooms_.core.metrics.votes_refused;
    audit::SignInFailure body;
    body.door = "vote";
    body.who = vote.approver;
    body.reason = error.message;
    auto recorded = rooms_.core.recorder.append(audit::to_record(body), Safety::Written);
    if (!recorded.ok()) {
        log::warning("a refused vote cannot be recorded: " + recorded.error().message);
    }
    watch_refusal(rooms_.core, "vote", vote.approver);
    settle_now();
}

void ActionDesk::release(LiveAction& action, const approval::Consent& consent) {
    ActionEntry& entry = action.entry;
    const auto used = rooms_.approvals.use(entry.id, entry.digest);
    if (!used.ok()) {
        return refuse(action, ActionState::Denied, "gateway", used.error().message);
    }
    const Instant now = rooms_.core.clock.now();
    audit::ReleaseRecord body;
    body.action = entry.id;
    body.digest = entry.digest;
    body.session = entry.request.context.session;
    body.approvers = approvers_of(consent, rooms_.approvers);
    body.decided_by = names_of(consent, model::Ballot::Approve);
    body.waited_us = microseconds_since(entry.created, now);
    auto recorded = rooms_.core.recorder.record_now(audit::to_record(body));
    if (!recorded.ok()) {
        return unrecorded(action, recorded.error());
    }
    entry.records.push_back(*recorded);
    entry.state = ActionState::Granted;
    entry.decided_by = body.decided_by;
    entry.decided = now;
    entry.expires.reset();
    entry.message = "Permitted: approved by " + body.decided_by + ". Run exactly this, once.";
    ++rooms_.core.metrics.released_after_votes;
    actions_.changed(action);
    released(action);
    publish(entry);
    action.original.reset();
}

void ActionDesk::refuse(LiveAction& action, ActionState state, std::string_view by,
                        std::string_view reason) {
    ActionEntry& entry = action.entry;
    const Instant now = rooms_.core.clock.now();
    audit::Refusal body;
    body.action = entry.id;
    body.digest = entry.digest;
    body.session = entry.request.context.session;
    body.state = action_state_name(state);
    body.decided_by = by;
    body.reason = reason;
    body.waited_us = microseconds_since(entry.created, now);
    auto recorded = rooms_.core.recorder.append(audit::to_record(body), Safety::Written);
    if (recorded.ok()) {
        entry.records.push_back(*recorded);
    } else {
        log::warning("a refusal cannot be recorded: " + recorded.error().message);
    }
    ++(state == ActionState::Expired ? rooms_.core.metrics.expired : rooms_.core.metrics.refused);
    entry.state = state;
    entry.decided_by = by;
    entry.decided = now;
    entry.expires.reset();
    entry.verdict.reason = reason;
    entry.message = message_for(entry);
    action.original.reset();
    actions_.changed(action);
    watch_action(rooms_.core, entry);
    publish(entry);
}

void ActionDesk::settle_now() {
    settled(rooms_.core.recorder.settle());
    // What people did is rare and dear: in the store at once, not with the next tick.
    if (auto written = actions_.write_now(); !written.ok()) {
        log::warning("actions cannot be stored: " + written.error().message);
    }
}

/// Requests that ended in memory alone, since the store fails: their agents are told all the same.
void ActionDesk::refuse_closed() {
    std::set<std::string> waiting;
    for (const approval::Consent& consent : rooms_.approvals.open_requests()) {
        waiting.insert(consent.action);
    }
    for (const std::string& id : actions_.open({})) {
        LiveAction* action = actions_.live(id);
        if (action->entry.state == ActionState::Pending && action->settled &&
            !waiting.contains(id)) {
            refuse(*action, ActionState::Expired, "silence", "nobody approved it in time");
        }
    }
}

/// Sessions that are over although nobody could say so, since the store failed: nothing of theirs
/// stays open.
void ActionDesk::deny_orphans() {
    std::map<std::string, model::Session> over;
    for (const std::string& id : actions_.open({})) {
        const std::string& session = actions_.live(id)->entry.request.context.session;
        if (!rooms_.sessions.active(session)) {
            over[session].id = session;
        }
    }
    std::vector<model::Session> sessions;
    for (auto& [id, session] : over) {
        sessions.push_back(std::move(session));
    }
    if (!sessions.empty()) {
        deny_sessions(sessions, "gateway", "its session is over");
    }
}

void ActionDesk::expire() {
    deny_orphans();
    auto expired = rooms_.approvals.expire();
    if (!expired.ok()) {
        log::warning("requests that ran out cannot be stored: " + expired.error().message);
        refuse_closed();
    } else {
        for (const approval::Consent& consent : *expired) {
            LiveAction* action = actions_.live(consent.action);
            if (action != nullptr && is_open(action->entry.state)) {
                refuse(*action, ActionState::Expired, "silence", "nobody approved it in time");
            }
        }
    }
    const Duration now = rooms_.core.clock.monotonic();
    for (const std::string& id : actions_.open({})) {
        LiveAction* action = actions_.live(id);
        if (action->entry.state == ActionState::Suspended && action->deadline <= now) {
            refuse(*action, ActionState::Expired, "silence",
                   "nothing came to be known in time: " + action->entry.verdict.reason);
        }
    }
}

std::optional<Instant> ActionDesk::next_expiry() const {
    std::optional<Instant> next = rooms_.approvals.next_expiry();
    for (const std::string& id : actions_.open({})) {
        const ActionEntry& entry = actions_.live(id)->entry;
        if (entry.state == ActionState::Suspended && entry.expires &&
            (!next || *entry.expires < *next)) {
            next = entry.expires;
        }
    }
    return next;
}

std::vector<std::string> ActionDesk::deny_sessions(const std::vector<model::Session>& sessions,
                                                   std::string_view by, std::string_view reason) {
    std::vector<std::string> ids;
    for (const model::Session& session : sessions) {
        auto denied = rooms_.approvals.deny_session(session.id, reason);
        if (!denied.ok()) {
            log::warning("requests of a closed session cannot be stored: " +
                         denied.error().message);
        }
        for (const std::string& id : actions_.open(session.id)) {
            refuse(*actions_.live(id), ActionState::Denied, by, reason);
            ids.push_back(id);
        }
    }
    settle_now();
    return ids;
}

Result<Proposal> ActionDesk::proposal(std::string_view id) {
    const LiveAction* action = actions_.live(id);
    const std::optional<ActionEntry> entry = TRY(actions_.find(id));
    if (!entry) {
        return Error(ErrorCode::NotFound, "there is no such action");
    }
    const bool whole = action != nullptr && action->original;
    const model::ActionRequest& request = whole ? *action->original : entry->request;
    // A rule with a secret in it would store the secret; one with its mark would match nothing.
    if (rooms_.core.redactor.request(request).action != request.action ||
        title_of(request.action).find("[redacted:") != std::string::npos) {
        return Proposal{std::nullopt, "it holds a secret, so it cannot be remembered"};
    }
    const model::Assessment& assessment =
        action != nullptr ? action->assessment : entry->verdict.assessment;
    Proposal proposal;
    proposal.rule = policy::propose(request, assessment, rooms_.core.clock.now());
    proposal.why = proposal.rule
                       ? "lets pass without a question: " + model::pattern_text(*proposal.rule)
                       : "no narrow rule is safe for it: it is unknown, irreversible or runs other "
                         "text";
    return proposal;
}

Result<std::string> ActionDesk::receipt(std::string_view id) {
    const std::optional<ActionEntry> entry = TRY(actions_.find(id));
    if (!entry || entry->records.empty()) {
        return Error(ErrorCode::NotFound, "there is no recorded decision for it");
    }
    audit::ReceiptRequest request;
    request.decision = entry->records.front();
    request.others.assign(entry->records.begin() + 1, entry->records.end());
    return audit::make_receipt(rooms_.core.recorder.log(), request);
}

Result<std::string> ActionDesk::attestation(std::string_view id) {
    const std::string document = TRY(receipt(id));
    return audit::make_attestation(rooms_.core.recorder.log(), document);
}

}  // namespace countersign::gate
